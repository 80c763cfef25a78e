/**
 * What the outcome of a pass means for its dataset: done, failed, skipped, or it stays where it is.
 */
import { blamesDataset } from '../../contract/index.ts';
import type { PassOutcome } from '../trainer/index.ts';
import type { OpenPass } from './passes.ts';
import type { QueueParts } from './queue-progress.ts';
import { decideRetry } from './queue-rules.ts';

type GaveUp = Extract<PassOutcome, { kind: 'gave_up' }>;
type Finished = Exclude<PassOutcome, GaveUp>;

const SHOWN_ROWS = 20;
/** Until a device is looked at again that a trainer found in use. */
const BUSY_SECONDS = 10;

export class Outcomes {
  private readonly parts: QueueParts;
  /** Since the queue was last empty. */
  private streak: { readonly since: number; readonly datasets: number; readonly failed: number };
  /** The last dataset that failed without a saved step and without being to blame. */
  private unclearFault: { readonly category: string; readonly dataset: string } | null = null;

  constructor(parts: QueueParts) {
    this.parts = parts;
    this.streak = { since: parts.options.clock.now(), datasets: 0, failed: 0 };
  }

  async settle(outcome: PassOutcome): Promise<void> {
    const { options, progress, notifyChanged } = this.parts;
    const { open } = progress;
    // Before the trainer counts as gone: until then its newest checkpoint tells the steps.
    if (open !== null)
      await this.keepSteps(open, outcome).catch((error: unknown) => {
        options.failed('queue.steps', error);
      });
    progress.isSupervising = false;
    if (open === null) return;
    if (outcome.kind === 'gave_up') await this.settleFailure(open, outcome);
    else await this.settleFinished(open, outcome);
    notifyChanged();
  }

  /** The machine is not ready: the dataset stays, and training is tried again later. */
  setNotReady(category: string, message: string): void {
    const { options, progress, news, notifyChanged } = this.parts;
    const { notReady } = progress;
    const attempt = notReady?.category === category ? notReady.attempt + 1 : 1;
    const seconds = decideRetry(attempt);
    const t = options.clock.now();
    progress.notReady = { category, message, t, attempt, until: t + seconds };
    if (attempt === 1) {
      options.journal.write({
        what: 'queue.not_ready',
        text: `Training is waiting: ${message}`,
        dataset: progress.open?.dataset.id ?? null,
        evidence: { category, again_in_seconds: seconds },
      });
      const step = options.metrics.latest().checkpointStep;
      news.emit({ kind: 'not_ready', category, message, step });
    }
    notifyChanged();
  }

  /** Another trainer has the device. Not a failure: nothing is started until it is free. */
  waitForDevice(reason: string, seconds = 0): void {
    const { options, progress, notifyChanged } = this.parts;
    const before = progress.deviceWait;
    const now = options.clock.now();
    progress.deviceWait = { reason, since: before?.since ?? now, until: now + seconds };
    if (reason === before?.reason) return;
    options.journal.write({
      what: 'queue.waiting',
      text: `Training is ${reason}.`,
      dataset: progress.open?.dataset.id ?? null,
    });
    notifyChanged();
  }

  private async settleFailure(open: OpenPass, outcome: GaveUp): Promise<void> {
    const { progress, passes, news } = this.parts;
    const { category, message, rows } = outcome;
    if (category === 'device_busy') {
      this.waitForDevice(message, BUSY_SECONDS);
      return;
    }
    if (outcome.infrastructure) {
      this.setNotReady(category, message);
      return;
    }
    const trained = await passes.trained(open);
    if (trained !== null) {
      // Only the evaluation after the last step failed: the dataset is done, without its figures.
      progress.open = null;
      await this.settleCompleted(open, trained);
      return;
    }
    if (this.isRepeatedFault(open, outcome)) {
      this.setNotReady(
        category,
        `Two datasets in a row failed before a checkpoint was saved, so the machine is the likely cause: ${message}`,
      );
      return;
    }
    progress.open = null;
    const { id, name } = open.dataset;
    const isRetried = this.canTrainWithout(id, outcome);
    if (isRetried) {
      const why = quarantineText(outcome);
      await passes.again(open, `${name}: ${why}`, rows);
      news.emit({ kind: 'quarantined', name, count: rows.length, why });
      return;
    }
    const reason = `${category}: ${message}`;
    await passes.fail(open, reason, rows);
    this.reportFailed(id, reason, outcome.step);
  }

  /**
   * A fault of the machine that isn't recognized as one must not fail one dataset after another: the
   * second one that fails in the same way, without having saved a step, holds the queue.
   */
  private isRepeatedFault({ dataset, pass }: OpenPass, { category, step }: GaveUp): boolean {
    const hasSaved = step !== null && step > (pass.head_step ?? 0);
    const before = this.unclearFault;
    if (blamesDataset(category) || hasSaved) {
      this.unclearFault = null;
      return false;
    }
    if (before?.category === category && before.dataset !== dataset.id) return true;
    this.unclearFault = { category, dataset: dataset.id };
    return false;
  }

  private async settleFinished(open: OpenPass, outcome: Finished): Promise<void> {
    const { progress } = this.parts;
    if (outcome.kind === 'completed') {
      this.unclearFault = null;
      progress.notReady = null;
      progress.open = null;
      await this.settleCompleted(open, outcome);
    } else if (outcome.kind === 'skipped') {
      await this.skip(open);
    }
  }

  private async keepSteps(open: OpenPass, outcome: PassOutcome): Promise<void> {
    const { options, passes } = this.parts;
    // A trainer that was halted while it loaded, or killed, reports no steps.
    const reported = outcome.kind === 'gave_up' ? null : outcome.stepsDone;
    const done = reported ?? (await passes.savedSteps(open));
    const done_steps = open.pass.steps_before + done;
    await options.datasets.note(open.dataset.id, { done_steps });
  }

  /** Of a pass whose steps are all trained, only the last evaluation is skipped. */
  async skip(open: OpenPass): Promise<void> {
    const { passes, progress } = this.parts;
    const trained = await passes.trained(open);
    progress.open = null;
    if (trained === null) await passes.skip(open);
    else await this.settleCompleted(open, trained);
  }

  private async settleCompleted(open: OpenPass, outcome: Finished): Promise<void> {
    const { options, passes, news } = this.parts;
    const { id } = open.dataset;
    const closed = await passes.complete(open, outcome);
    if (closed.kind === 'failed') {
      this.reportFailed(id, closed.reason, outcome.step);
      return;
    }
    this.count(false);
    news.emit({
      kind: 'done',
      dataset: options.datasets.summary(id),
      version: closed.version,
      planned: open.pass.planned_steps,
      done: outcome.stepsDone ?? 0,
      next: this.nextName(),
    });
    this.reportEmpty(outcome.step);
  }

  /**
   * Once per dataset, the rows that crashed the trainer are quarantined and the rest is trained.
   * NaN or Inf can come from the learning rate too, so its rows alone are no reason.
   */
  private canTrainWithout(id: string, { category, rows }: GaveUp): boolean {
    return (
      rows.length > 0 &&
      category !== 'not_a_number' &&
      this.parts.options.datasets.meta(id)?.quarantined.length === 0
    );
  }

  private reportFailed(id: string, reason: string, step: number | null): void {
    const { options, news } = this.parts;
    this.count(true);
    const dataset = options.datasets.summary(id);
    news.emit({ kind: 'failed', dataset, reason, next: this.nextName() });
    this.reportEmpty(step);
  }

  private reportEmpty(step: number | null): void {
    const { options, news } = this.parts;
    if (options.datasets.queued().length > 0) return;
    news.emit({ kind: 'empty', ...this.streak, step });
    this.streak = { since: options.clock.now(), datasets: 0, failed: 0 };
  }

  private count(isFailed: boolean): void {
    const { datasets, failed } = this.streak;
    this.streak = {
      ...this.streak,
      datasets: datasets + 1,
      failed: failed + (isFailed ? 1 : 0),
    };
  }

  private nextName(): string | null {
    const queued = this.parts.options.datasets.queued();
    return queued.find((dataset) => dataset.isReady && !dataset.held)?.name ?? null;
  }
}

function quarantineText({ category, message, rows }: GaveUp): string {
  const isOne = rows.length === 1;
  const more = rows.length > SHOWN_ROWS ? ` and ${rows.length - SHOWN_ROWS} more` : '';
  const numbers = rows.slice(0, SHOWN_ROWS).join(', ') + more;
  const cause = `${category}: ${message.replace(/\.$/, '')}`;
  return isOne
    ? `Row ${numbers} failed (${cause}) and is quarantined. Training continues without it.`
    : `Rows ${numbers} failed (${cause}) and are quarantined. Training continues without them.`;
}
