/** Reads backups and checkpoints without an engine. */
import { readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { backup as backupSchema, backupType, type Backup } from '../../contract/index.ts';
import { readJson } from '../../kit/files.ts';
import { firstDifference } from '../../kit/folder-content.ts';
import { readSealed } from '../../kit/sealed.ts';
import type { Session } from '../session.ts';

const backupFile = backupSchema.omit({ folder: true, keep_until: true });
const manifestFile = z.object({
  files: z.record(z.string(), z.object({ size: z.number(), sha256: z.string() })),
  links: z.array(z.object({ name: z.string(), target: z.string() })),
});

export interface BackupOnDisk {
  readonly id: string;
  readonly folder: string;
  /** null if backup.json is missing or damaged. */
  readonly facts: Backup | null;
  readonly problem: string | null;
}

/** Newest first. */
export async function backupsFromFiles(session: Session): Promise<BackupOnDisk[]> {
  const out: BackupOnDisk[] = [];
  for (const type of backupType.options)
    for (const stamp of await readdir(join(session.paths.backups, type)).catch(() => [])) {
      if (!/^\d{8}-\d{6}(-\d+)?$/.test(stamp)) continue;
      const id = `${type}/${stamp}`;
      const folder = join(session.paths.backups, type, stamp);
      const reading = await readSealed(join(folder, 'backup.json'));
      const parsed = backupFile.safeParse(reading.ok && reading.sealed ? reading.value : null);
      const facts = parsed.success ? { ...parsed.data, folder, keep_until: null } : null;
      const problem = reading.ok ? 'backup.json was changed after it was written' : reading.problem;
      out.push({ id, folder, facts, problem: facts === null ? problem : null });
    }
  const stampOf = ({ id }: BackupOnDisk): string => id.slice(id.indexOf('/'));
  return out.sort((a, b) => (stampOf(a) < stampOf(b) ? 1 : -1));
}

/** Verifies the checksums of a backup. null if all match, otherwise the first problem. */
export async function backupProblem(backup: BackupOnDisk): Promise<string | null> {
  if (backup.problem !== null) return backup.problem;
  const reading = await readSealed(join(backup.folder, 'manifest.json'));
  if (!reading.ok) return reading.problem;
  const manifest = manifestFile.safeParse(reading.value);
  if (!reading.sealed || !manifest.success) return 'manifest.json was changed after it was written';
  const content = join(backup.folder, 'content');
  const difference = await firstDifference(content, manifest.data.files);
  if (difference !== null) return difference;
  for (const { name, target } of manifest.data.links)
    if ((await readlink(join(content, name)).catch(() => null)) !== target)
      return `the link ${name} does not point to ${target}`;
  return null;
}

const checkpointManifest = z.object({
  step: z.number().int(),
  branch: z.string(),
  created: z.number(),
  cursor: z.looseObject({ dataset: z.string(), complete: z.boolean() }).nullable(),
  files: z.record(z.string(), z.looseObject({ size: z.number() })),
});

export interface CheckpointOnDisk {
  readonly branch: string;
  readonly step: number;
  readonly created: number;
  readonly folder: string;
  readonly bytes: number;
  readonly problem: string | null;
}

/** Checkpoints of every branch, newest step first. Checks file sizes, not checksums. */
export async function checkpointsFromFiles(session: Session): Promise<CheckpointOnDisk[]> {
  const out: CheckpointOnDisk[] = [];
  for (const branch of (await readdir(session.paths.branches).catch(() => [])).sort()) {
    const root = session.paths.checkpoints(branch);
    for (const name of await readdir(root).catch(() => [])) {
      const folder = join(root, name);
      const parsed = checkpointManifest.safeParse(
        await readJson(join(folder, 'manifest.json')).catch(() => null),
      );
      if (!/^step-\d+$/.test(name) || !parsed.success) continue;
      let bytes = 0;
      let problem: string | null = null;
      for (const [file, { size }] of Object.entries(parsed.data.files)) {
        const found = (await stat(join(folder, file)).catch(() => null))?.size ?? null;
        bytes += found ?? 0;
        if (found === null) problem ??= `${file} is missing`;
        else if (found !== size)
          problem ??= `${file} has ${String(found)} bytes, expected ${String(size)}`;
      }
      const { step, created } = parsed.data;
      out.push({ branch, step, created, folder, bytes, problem });
    }
  }
  return out.sort((a, b) =>
    a.branch === b.branch ? b.step - a.step : a.branch < b.branch ? -1 : 1,
  );
}

/** The active branch from lineage.json; `main` if nothing has been trained yet. */
export async function headFromFiles(session: Session): Promise<string> {
  const parsed = z
    .object({ branch: z.string() })
    .safeParse(await readJson(session.paths.lineage).catch(() => null));
  return parsed.success ? parsed.data.branch : 'main';
}
