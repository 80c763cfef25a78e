/** The titles and bodies of notices. Pure. */
import { gigabytes } from '../../contract/format.ts';
import type { Notice } from '../../contract/index.ts';
import { type NoticeText, sentence } from './notice-text.ts';

export * from './dataset-messages.ts';
export * from './trainer-messages.ts';
export type { NoticeText } from './notice-text.ts';

export function lowDiskSpace(freeGb: number, minimumGb: number): NoticeText {
  return {
    kind: 'disk',
    tone: 'warn',
    title: `Low disk space: ${gigabytes(freeGb)} free`,
    body: `Saving is paused below the minimum free space of ${gigabytes(minimumGb)}. Free up space on this disk, or lower disk.min_free_gb.`,
    opens: 'health',
  };
}

export function backupDamaged(id: string, problem: string): NoticeText {
  return {
    kind: 'fact',
    tone: 'fail',
    title: `Backup ${id} is damaged`,
    body: `${sentence(problem)} It no longer counts as a backup.`,
    opens: 'models',
  };
}

export function lineageRecovered(text: string): NoticeText {
  return {
    kind: 'fact',
    tone: 'warn',
    title: 'lineage.json was damaged',
    body: text,
    opens: 'models',
  };
}

export function configChanged(keys: readonly string[]): NoticeText {
  return {
    kind: 'config_drift',
    tone: 'warn',
    title: 'config.json changed during training',
    body: `${keys.join(', ')}: the current dataset keeps its values; the new ones apply from the next dataset.`,
    opens: 'config',
  };
}

/** `undone` and `finished`: a restore that a crash had interrupted. */
export function restored(
  kind: 'done' | 'failed' | 'undone' | 'finished',
  title: string,
  message: string,
): NoticeText {
  return {
    kind: 'fact',
    tone: kind === 'done' || kind === 'finished' ? 'info' : 'warn',
    title: `${title}: ${kind}`,
    body: message.charAt(0).toUpperCase() + message.slice(1),
    opens: 'models',
  };
}

/** Of several notices of one kind. */
export function summary(kind: Notice['kind'], count: number, last: NoticeText): NoticeText {
  return {
    ...last,
    kind,
    title: `${last.title}, and ${count - 1} more`,
    body: `${last.body} ${count} of this kind in 10 min.`,
  };
}
