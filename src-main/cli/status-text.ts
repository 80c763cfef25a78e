/** Formats the live status, or the last known one when no engine is running. Pure. */
import { evaluationText, exactText, timeLeft } from '../contract/format.ts';
import {
  type TrainingStatus,
  unsavedText,
  VALIDATION_DATASET,
  VALIDATION_FIXED,
} from '../contract/index.ts';
import { bar, count, decimal, duration, gigabytes, plain, withWeights } from './format.ts';

export function statusText(status: TrainingStatus, now: number): string {
  const lines: string[] = [];
  const state =
    status.pending === null ? status.state : `${status.state} (${status.pending.verb} pending)`;
  const reason = status.reason === null ? '' : `: ${status.reason}`;
  lines.push(
    // Its reason is the sentence itself: `waiting for cuda:0, held by pid 7 of workspace /w`.
    status.state === 'waiting' && status.reason !== null
      ? `${status.reason} (for ${duration(now - status.since)})`
      : `${state} for ${duration(now - status.since)}${reason}`,
  );
  if (status.current_dataset !== null) {
    const step = status.step_of_dataset ?? 0;
    const steps = status.steps_of_dataset ?? 0;
    const left = timeLeft(status);
    const eta = left === null ? '' : `, ${left} left`;
    lines.push(
      `dataset     ${status.current_dataset.name}  [${bar(steps === 0 ? 0 : step / steps, 24)}] step ${count(step)} of ${count(steps)}${eta}`,
    );
  }
  if (status.current_step !== null)
    lines.push(
      `model       step ${count(status.current_step)}, newest checkpoint ${count(status.last_checkpoint_step)}`,
    );
  if (status.unsaved !== null) lines.push(`unsaved     ${plain(unsavedText(status.unsaved))}`);
  const measured = (value: TrainingStatus['loss'], digits = 3): string =>
    value === null ? 'unknown' : `${decimal(value.value, digits)} (step ${count(value.step)})`;
  const evaluating = evaluationText(status.evaluation);
  if (evaluating !== null) lines.push(`evaluating  ${evaluating}`);
  if (status.loss !== null)
    lines.push(`loss        ${measured(status.loss_smoothed)}, raw ${measured(status.loss)}`);
  lines.push(...validationLines(status, measured));
  if (status.tokens_per_second !== null)
    lines.push(`speed       ${decimal(status.tokens_per_second.value, 0)} tokens/s`);
  const { queue } = status;
  lines.push(
    `queue       ${count(queue.high)} high, ${count(queue.normal)} normal, ${count(queue.low)} low; ` +
      `${count(queue.completed)} completed, ${count(queue.failed)} failed, ${count(queue.skipped)} skipped`,
  );
  if (status.disk_free_gb !== null)
    lines.push(
      `disk        ${gigabytes(status.disk_free_gb)} free, minimum ${gigabytes(status.disk_floor_gb)}`,
    );
  if (status.error !== null)
    lines.push(
      `error       ${status.error.type}: ${status.error.message} (${duration(now - status.error.when)} ago)`,
    );
  const { trainer } = status;
  lines.push(
    trainer.alive
      ? `trainer     pid ${String(trainer.pid)}, ${trainer.phase ?? 'unknown phase'}, heartbeat ${decimal(trainer.heartbeat_age_s, 1)} s ago`
      : 'trainer     not running',
  );
  return `${lines.join('\n')}\n`;
}

function validationLines(
  status: TrainingStatus,
  measured: (value: TrainingStatus['loss']) => string,
): readonly string[] {
  const { missing, exact_match: exact, training_loss_at_evaluation: training } = status;
  const lines: string[] = [];
  const line = (
    name: string,
    value: TrainingStatus['loss'] | undefined,
    reason: string | null | undefined,
    note = '',
  ): void => {
    if (value != null) lines.push(`${name}: ${measured(value)}${note}`);
    else if (reason != null) lines.push(`${name}: unknown, ${reason}`);
  };
  const weights = withWeights(status.evaluation_precision);
  line(VALIDATION_DATASET, status.validation_dataset, missing?.validation_dataset, weights);
  line(VALIDATION_FIXED, status.validation_fixed, missing?.validation_fixed, weights);
  const minus = training == null ? '' : `, to a training loss of ${decimal(training.value)}`;
  line('gap', status.val_train_gap, missing?.gap, minus);
  if (exact !== null)
    lines.push(`exact match: ${exactText(exact)}, step ${count(exact.step)}${weights}`);
  else if (missing?.exact_match != null) lines.push(`exact match: unknown, ${missing.exact_match}`);
  return lines;
}

/**
 * What the files of a workspace say while no engine is running. Never reports a state that needs a
 * live process.
 */
export interface KnownFromFiles {
  readonly engine: null;
  readonly state: 'not_running' | 'unsupervised';
  readonly trainer: {
    readonly pid: number | null;
    readonly alive: boolean;
    readonly heartbeat_age_s: number | null;
  };
  readonly last_known: {
    readonly step: number | null;
    readonly dataset: string | null;
    readonly loss: number | null;
    readonly last_checkpoint_step: number | null;
    readonly at: number;
    readonly age_s: number;
  } | null;
}

export function knownText(known: KnownFromFiles, workspace: string): string {
  const lines = [`No engine is running for ${workspace}.`];
  if (known.trainer.alive)
    lines.push(
      `A trainer (pid ${String(known.trainer.pid)}) is still running without an engine` +
        (known.trainer.heartbeat_age_s === null
          ? '.'
          : `; its last heartbeat was ${duration(known.trainer.heartbeat_age_s)} ago.`),
    );
  else lines.push('No trainer is running.');
  if (known.last_known === null) lines.push('No earlier status was found.');
  else {
    const { step, dataset, loss, last_checkpoint_step: saved, at, age_s: age } = known.last_known;
    const facts = [
      `step ${count(step)}`,
      ...(dataset === null ? [] : [`dataset ${dataset}`]),
      ...(loss === null ? [] : [`loss ${decimal(loss)}`]),
      ...(saved === null ? [] : [`newest checkpoint ${count(saved)}`]),
    ];
    lines.push(
      `Last known, ${duration(age)} ago (${new Date(at * 1000).toISOString()}): ${facts.join(', ')}.`,
    );
  }
  lines.push('Start the engine: nightshift serve');
  return `${lines.join('\n')}\n`;
}
