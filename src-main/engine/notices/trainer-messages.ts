/**
 * Notices about the trainer: crashes, hangs, memory, checkpoints. Steps are null where unknown.
 * Pure.
 */
import { count, duration, plural } from '../../contract/format.ts';
import { missingText } from '../../contract/index.ts';
import type { EventOf } from '../../formats/index.ts';
import { CONDITIONS, type NoticeText, sentence } from './notice-text.ts';

const SHOWN_ROWS = 16;
/** Tokens of the loss that the trainer computes at a time when memory suffices. */
const FULL_LOSS_CHUNK = 512;

const atStep = (step: number | null): string => (step === null ? '' : ` at step ${count(step)}`);

const fromStep = (step: number | null): string =>
  step === null ? 'the last checkpoint' : `step ${count(step)}`;

export function recovered(facts: {
  readonly seconds: number;
  readonly cause: string;
  readonly step: number | null;
  readonly lost: number | null;
}): NoticeText {
  const lost = facts.lost === null ? '' : `; ${plural(facts.lost, 'step')} lost`;
  return {
    kind: 'crash_recovered',
    tone: 'warn',
    title: `Recovered in ${duration(facts.seconds)}`,
    body: `${sentence(facts.cause)} Resumed from ${fromStep(facts.step)}${lost}.`,
    opens: 'health',
  };
}

type Shortage = Pick<
  EventOf<'out_of_memory'>,
  'step' | 'tokens_from' | 'tokens_to' | 'activation_checkpointing' | 'loss_chunk'
>;

/** What a shortage of memory changed: the level that it went down to. */
function shortageChange({ tokens_from: from, tokens_to: to, ...event }: Shortage): string {
  if (from !== undefined && to !== undefined && to < from)
    return `Micro-batch reduced from ${count(from)} to ${plural(to, 'token')}`;
  if (event.loss_chunk < FULL_LOSS_CHUNK) return 'The loss is computed in smaller chunks';
  if (event.activation_checkpointing) return 'Activations are recomputed instead of stored';
  return 'The batch is processed in smaller parts';
}

export function outOfMemory(event: Shortage, batch: number): NoticeText {
  return {
    kind: 'out_of_memory',
    tone: 'warn',
    title: `Out of memory${atStep(event.step)}`,
    body: `${shortageChange(event)}; the effective batch size is still ${batch}. No step was lost.`,
    opens: 'dashboard',
  };
}

export function hang(
  step: number | null,
  ageSeconds: number | null,
  resumesFrom: number | null,
): NoticeText {
  const age = ageSeconds === null ? '' : ` for ${duration(ageSeconds)}`;
  return {
    kind: 'hang',
    tone: 'warn',
    title: `Training hung${atStep(step)}`,
    body: `No heartbeat${age}. Restarting from ${fromStep(resumesFrom)}.`,
    opens: 'health',
    condition: CONDITIONS.hang,
  };
}

export function gaveUp(category: string, message: string, saved: number | null): NoticeText {
  const checkpoint =
    saved === null ? 'Nothing is saved yet.' : `Last checkpoint: step ${count(saved)}.`;
  return {
    kind: 'gave_up',
    tone: 'fail',
    title: 'Training stopped, needs you',
    body: `${category}: ${message.replace(/\.?$/, '.')} ${checkpoint}`,
    opens: 'health',
    condition: CONDITIONS.notReady,
  };
}

/** A condition that ends without the user. */
export function waiting(message: string): NoticeText {
  return {
    kind: 'fact',
    tone: 'warn',
    title: 'Training is waiting',
    body: message,
    opens: 'health',
    condition: CONDITIONS.notReady,
  };
}

/** Training continues without saving. `reason`: what the disk said. Bytes, null where unknown. */
export function savingPaused(facts: {
  readonly step: number | null;
  readonly saved: number | null;
  readonly reason: string;
  readonly free: number | null;
  readonly needed: number | null;
}): NoticeText {
  const { step, saved, reason, free, needed } = facts;
  const missing = missingText({ free_bytes: free, needed_bytes: needed });
  const newest =
    saved === null ? 'Nothing is saved yet.' : `Newest checkpoint: step ${count(saved)}.`;
  return {
    kind: 'disk',
    tone: 'fail',
    title: `Couldn't save a checkpoint${atStep(step)}: ${reason}${missing}`,
    body: `Training continues, and saving is retried every 30\u00a0s. ${newest} Free up space on this disk, or check its permissions.`,
    opens: 'health',
    condition: CONDITIONS.unsaved,
  };
}

export function checkpointDamaged(folder: string, reason: string): NoticeText {
  return {
    kind: 'fact',
    tone: 'warn',
    title: `${folder} is damaged`,
    body: `${sentence(reason)} Training resumes from the newest checkpoint that passes verification.`,
    opens: 'logs',
  };
}

export function stepNotFinite(
  step: number | null,
  what: 'loss' | 'gradient',
  rows: readonly number[],
): NoticeText {
  const shown = rows.slice(0, SHOWN_ROWS).join(', ');
  const more = rows.length > SHOWN_ROWS ? ` and ${count(rows.length - SHOWN_ROWS)} more` : '';
  return {
    kind: 'fact',
    tone: 'warn',
    title: `${what === 'loss' ? 'Loss' : 'Gradient'} was NaN or Inf${atStep(step)}`,
    body: `The step was skipped and the weights did not change. Rows: ${shown}${more}.`,
    opens: 'queue',
  };
}

/** `saved`: the step that training resumes from; null or 0: there is no checkpoint yet. */
export function weightsNotFinite(step: number | null, saved: number | null): NoticeText {
  const from = saved === null || saved === 0 ? 'the base model' : fromStep(saved);
  return {
    kind: 'fact',
    tone: 'warn',
    title: `Weights became NaN or Inf${atStep(step)}`,
    body: `They were not saved. Training resumes from ${from}.`,
    opens: 'health',
  };
}

/** `name`: of the dataset; null: the fixed validation set. */
export function cacheRebuilt(name: string | null, files: readonly string[]): NoticeText {
  const whose = name ?? 'the fixed validation set';
  return {
    kind: 'fact',
    tone: 'warn',
    title: `Token cache rebuilt: ${whose}`,
    body: `${files.join(', ')} was damaged on the disk. The cache was rebuilt from the data before training. If this happens again, check the disk.`,
    opens: 'queue',
  };
}
