/** The titles and bodies of notices, in the words of the design. Pure. */
import { bytes, count, duration, gigabytes, loss } from '../../contract/format.ts';
import type { DatasetSummary, Notice } from '../../contract/index.ts';

export type NoticeText = Pick<Notice, 'kind' | 'tone' | 'title' | 'body' | 'opens'>;

const step = (value: number | null): string =>
  value === null ? 'the last checkpoint' : `step ${count(value)}`;
export function datasetDone(item: {
  readonly dataset: DatasetSummary;
  readonly planned: number;
  readonly done: number;
  readonly next: string | null;
}): NoticeText {
  const { dataset } = item;
  const parts = [`${count(item.done)} of ${count(item.planned)} steps`];
  if (dataset.validation_before !== null && dataset.validation_after !== null)
    parts.push(
      `validation ${loss(dataset.validation_before)} to ${loss(dataset.validation_after)}`,
    );
  else if (dataset.validation_after !== null)
    parts.push(`validation ${loss(dataset.validation_after)}`);
  const next = item.next === null ? '' : ` Next: ${item.next}.`;
  return {
    kind: 'dataset_done',
    tone: 'info',
    title: `${dataset.name} done`,
    body: `${parts.join(', ')}.${next}`,
    opens: 'dashboard',
  };
}

export function datasetFailed(name: string, reason: string, next: string | null): NoticeText {
  return {
    kind: 'dataset_failed',
    tone: 'fail',
    title: `${name} failed`,
    body: `${reason.replace(/\.?$/, '.')}${next === null ? '' : ` Next: ${next}.`}`,
    opens: 'queue',
  };
}

export function quarantined(name: string, why: string): NoticeText {
  return {
    kind: 'fact',
    tone: 'warn',
    title: `${name} goes on without rows`,
    body: why,
    opens: 'data',
  };
}

export function datasetRefused(name: string, reason: string): NoticeText {
  return {
    kind: 'dataset_failed',
    tone: 'fail',
    title: `${name} refused`,
    body: reason,
    opens: 'data',
  };
}

export function decide(name: string, message: string | null): NoticeText {
  return {
    kind: 'needs_decision',
    tone: 'warn',
    title: `${name} waits for your decision`,
    body: message ?? 'Its report says what there is to decide.',
    opens: 'data',
  };
}

export function queueEmpty(entry: {
  readonly datasets: number;
  readonly failed: number;
  readonly seconds: number;
  readonly step: number | null;
}): NoticeText {
  const failed = entry.failed === 0 ? 'none failed' : `${entry.failed} failed`;
  const saved = entry.step === null ? '' : ` Step ${count(entry.step)} saved.`;
  return {
    kind: 'queue_empty',
    tone: 'info',
    title: 'Queue empty',
    body: `${entry.datasets} ${entry.datasets === 1 ? 'dataset' : 'datasets'} in ${duration(entry.seconds)}, ${failed}.${saved}`,
    opens: 'queue',
  };
}

export function recovered(entry: {
  readonly seconds: number;
  readonly cause: string;
  readonly step: number | null;
  readonly lost: number | null;
}): NoticeText {
  const lost =
    entry.lost === null ? '' : `, ${count(entry.lost)} ${entry.lost === 1 ? 'step' : 'steps'} lost`;
  return {
    kind: 'crash_recovered',
    tone: 'warn',
    title: `Recovered in ${duration(entry.seconds)}`,
    body: `${capital(entry.cause)}. Continued at ${step(entry.step)}${lost}.`,
    opens: 'health',
  };
}

export function outOfMemory(
  at: number | null,
  from: number | null,
  to: number | null,
  batch: number,
): NoticeText {
  const change =
    from === null || to === null
      ? 'The same batch runs in smaller parts'
      : `Micro-batch ${from} to ${to}`;
  return {
    kind: 'out_of_memory',
    tone: 'warn',
    title: `Memory ran out at ${step(at)}`,
    body: `${change}, effective batch still ${batch}. No step lost.`,
    opens: 'dashboard',
  };
}

export function hang(
  at: number | null,
  ageSeconds: number | null,
  resumesFrom: number | null,
): NoticeText {
  const age =
    ageSeconds === null ? 'No heartbeat' : `No heartbeat for ${Math.round(ageSeconds)}\u00a0s`;
  return {
    kind: 'hang',
    tone: 'warn',
    title: `Training hung in ${step(at)}`,
    body: `${age}. Restarting from ${step(resumesFrom)}.`,
    opens: 'health',
  };
}

export function gaveUp(category: string, message: string, saved: number | null): NoticeText {
  const until = saved === null ? 'Nothing is saved yet' : `Saved to ${count(saved)}`;
  return {
    kind: 'gave_up',
    tone: 'fail',
    title: 'Training stopped, needs you',
    body: `${category}: ${message.replace(/\.?$/, '.')} ${until}.`,
    opens: 'health',
  };
}

/** A condition that passes by itself; nothing is asked of the user. */
export function waits(message: string): NoticeText {
  return {
    kind: 'fact',
    tone: 'warn',
    title: 'Training waits',
    body: message,
    opens: 'health',
  };
}

export function disk(freeGb: number, floorGb: number): NoticeText {
  return {
    kind: 'disk',
    tone: 'warn',
    title: `${gigabytes(freeGb)} free`,
    body: `The floor is ${gigabytes(floorGb)}. Below it, nothing large is written; free space on this disk or lower disk.min_free_gb.`,
    opens: 'health',
  };
}

export function backupDamaged(id: string, problem: string): NoticeText {
  return {
    kind: 'fact',
    tone: 'fail',
    title: `Backup ${id} is damaged`,
    body: `${capital(problem)}. It counts as no copy any more.`,
    opens: 'models',
  };
}

/** Training goes on; only saving waits. Bytes, null where unknown. */
export function saveWaits(
  at: number | null,
  saved: number | null,
  free: number | null,
  needed: number | null,
): NoticeText {
  const room =
    free === null || needed === null
      ? ''
      : ` ${bytes(free)} are free, a checkpoint needs ${bytes(needed)}.`;
  const kept = saved === null ? 'Nothing is saved yet' : `The newest is ${step(saved)}`;
  return {
    kind: 'disk',
    tone: 'fail',
    title: `No checkpoint at ${step(at)}: the disk is full`,
    body: `Training goes on, and saving is tried every 30\u00a0s. ${kept}.${room} Free space on this disk.`,
    opens: 'health',
  };
}

export function checkpointDamaged(folder: string, reason: string): NoticeText {
  return {
    kind: 'fact',
    tone: 'warn',
    title: `${folder} is damaged`,
    body: `${capital(reason)}. It was passed over; training continues from the newest checkpoint that verifies.`,
    opens: 'logs',
  };
}

export function lostWithCheckpoint(name: string, steps: number): NoticeText {
  return {
    kind: 'fact',
    tone: 'fail',
    title: `${count(steps)} ${steps === 1 ? 'step' : 'steps'} of ${name} lost`,
    body: 'No checkpoint that verifies holds them. Its rows count as remaining; queued again, the file is trained whole.',
    opens: 'queue',
  };
}

export function notANumber(at: number | null, what: string, rows: readonly number[]): NoticeText {
  const shown = rows.slice(0, 16).join(', ');
  const more = rows.length > 16 ? ` and ${count(rows.length - 16)} more` : '';
  return {
    kind: 'fact',
    tone: 'warn',
    title: `The ${what} was not a number at ${step(at)}`,
    body: `The step was left out and the weights are as before it. Rows ${shown}${more}.`,
    opens: 'queue',
  };
}

/** `saved`: the step that it goes back to; null or 0: there was no checkpoint yet. */
export function weightsNotFinite(at: number | null, saved: number | null): NoticeText {
  const back = saved === null || saved === 0 ? 'the base model' : step(saved);
  return {
    kind: 'fact',
    tone: 'warn',
    title: `The weights were no numbers at ${step(at)}`,
    body: `Nothing of them was saved. Training goes back to ${back}.`,
    opens: 'health',
  };
}

export function drift(keys: readonly string[]): NoticeText {
  return {
    kind: 'config_drift',
    tone: 'warn',
    title: 'config.json was changed during a pass',
    body: `${keys.join(', ')}: the running dataset keeps its values; the file's apply from the next dataset.`,
    opens: 'config',
  };
}

export function summary(kind: Notice['kind'], count: number, last: NoticeText): NoticeText {
  return {
    ...last,
    kind,
    title: `${last.title}, and ${count - 1} more`,
    body: `${last.body} ${count} of this kind in 10 min.`,
  };
}

const capital = (text: string): string => {
  const plain = text.replace(/\.$/, '');
  return plain.charAt(0).toUpperCase() + plain.slice(1);
};

/** `undone` and `finished`: a restore that a crash had cut short. */
export function restored(
  kind: 'done' | 'failed' | 'undone' | 'finished',
  title: string,
  message: string,
): NoticeText {
  const ends = { done: 'done', failed: 'failed', undone: 'undone', finished: 'finished' };
  const body = `${message.slice(0, 1).toUpperCase()}${message.slice(1)}`;
  return {
    kind: 'fact',
    tone: kind === 'done' || kind === 'finished' ? 'info' : 'warn',
    title: `${title}: ${ends[kind]}`,
    body,
    opens: 'models',
  };
}
