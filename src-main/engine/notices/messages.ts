/** The titles and bodies of notices. Pure. */
import { gigabytes, plural } from '../../contract/format.ts';
import type { Notice } from '../../contract/index.ts';
import type { FileProblem } from '../../formats/index.ts';
import { CONDITIONS, type NoticeText, sentence } from './notice-text.ts';

export * from './dataset-messages.ts';
export * from './trainer-messages.ts';
export {
  CONDITIONS,
  decisionCondition,
  failedCondition,
  isAboutDataset,
  type NoticeText,
  refusedCondition,
} from './notice-text.ts';

export function lowDiskSpace(freeGb: number, minimumGb: number): NoticeText {
  return {
    kind: 'disk',
    tone: 'warn',
    title: `Low disk space: ${gigabytes(freeGb)} free`,
    body: `Saving is paused below the minimum free space of ${gigabytes(minimumGb)}. Free up space on this disk, or lower disk.min_free_gb.`,
    opens: 'health',
    condition: CONDITIONS.lowDisk,
  };
}

export function configProblem(problem: string): NoticeText {
  return {
    kind: 'config_drift',
    tone: 'fail',
    title: "config.json can't be used",
    body: problem,
    opens: 'config',
    condition: CONDITIONS.config,
  };
}

/** `reason`: which base model, and where it should be. */
export function baseMissing(reason: string): NoticeText {
  return {
    kind: 'fact',
    tone: 'fail',
    title: 'The base model is missing',
    body: `${sentence(reason)} New datasets wait until it is back or another one is selected.`,
    opens: 'config',
    condition: CONDITIONS.base,
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

/** Found when the engine started; one notice for all of them. */
export function filesDamaged(problems: readonly FileProblem[]): NoticeText {
  const [first] = problems;
  const others = problems.length - 1;
  return {
    kind: 'fact',
    tone: 'warn',
    title: problems.length === 1 ? 'A file is damaged' : `${problems.length} files are damaged`,
    body: `${first?.problem ?? ''}. ${first?.effect ?? ''}.${others === 0 ? '' : ` ${plural(others, 'more file')}: see Health.`}`,
    opens: 'health',
  };
}

export function configChanged(keys: readonly string[]): NoticeText {
  return {
    kind: 'config_drift',
    tone: 'warn',
    title: 'config.json changed during training',
    body: `${keys.join(', ')}: the current dataset keeps its values; the new ones apply from the next dataset.`,
    opens: 'config',
    condition: CONDITIONS.drift,
  };
}

/** `undone` and `finished`: a restore that a crash had interrupted. */
export function restored(
  kind: 'done' | 'failed' | 'undone' | 'finished',
  title: string,
  message: string,
): NoticeText {
  const tone: Notice['tone'] = kind === 'done' || kind === 'finished' ? 'info' : 'warn';
  return {
    kind: 'fact',
    tone,
    title: `${title}: ${kind}`,
    body: message.charAt(0).toUpperCase() + message.slice(1),
    opens: 'models',
  };
}
