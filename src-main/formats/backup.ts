/** Backups, `models/backups/<type>/<stamp>/`: `content/`, `manifest.json` and `backup.json`. */
import { z } from 'zod';
import { backup } from '../contract/index.ts';
import { defineFile } from './document.ts';
import { count, formatNumber, integer, text } from './fields.ts';
import { isInnerLink, relativePath } from './names.ts';

const backupFacts = backup
  .omit({ folder: true, keep_until: true, verified: true })
  .extend({ format: formatNumber, by: text('Who asked for it').default('unknown') });
export type BackupFacts = z.infer<typeof backupFacts>;

export const backupFile = defineFile({
  name: 'backup.json',
  damaged: 'The backup is listed as damaged, with the facts of its manifest',
  group: 'model',
  writer: 'engine, sealed',
  description: 'What the backup is, and its last verification',
  schema: backupFacts.extend({ verified: backup.shape.verified }),
});
export type BackupFile = z.infer<typeof backupFile.schema>;

export const backupManifest = defineFile({
  name: 'manifest.json (backup)',
  damaged: 'The backup is reported as damaged',
  group: 'model',
  writer: 'engine, sealed',
  description: 'What the backup is, and everything in `content/`',
  schema: z.object({
    format: formatNumber,
    backup: backupFacts.describe('What it is'),
    files: z
      .record(
        relativePath,
        z.object({ size: count('Bytes'), sha256: text('Hash'), mode: integer('File mode') }),
      )
      .describe('Files by path'),
    folders: z.array(relativePath).describe('Folders, parents first'),
    links: z
      .array(
        z
          .object({ name: relativePath.describe('Path'), target: text('Target as written') })
          .refine(({ name, target }) => isInnerLink(name, target), 'leads out of the backup'),
      )
      .describe('Symbolic links'),
  }),
});
export type BackupManifest = z.infer<typeof backupManifest.schema>;

/** `YYYYMMDD-HHMMSS`, UTC; `-2` and so on when the second is taken. */
export const isBackupStamp = (name: string): boolean => /^\d{8}-\d{6}(-\d+)?$/.test(name);

export const backupStamp = (now: number): string =>
  new Date(now * 1000).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');

/** 0 when the name is no stamp. */
export function backupTime(stamp: string): number {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(stamp) ?? [];
  const time = Date.parse(`${y ?? ''}-${mo ?? ''}-${d ?? ''}T${h ?? ''}:${mi ?? ''}:${s ?? ''}Z`);
  return Number.isNaN(time) ? 0 : time / 1000;
}
