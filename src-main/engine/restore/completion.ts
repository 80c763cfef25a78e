/**
 * The end of a restore, by its own process or by a later one: before the switch it is undone, after
 * the switch it is finished. What lineage.json says decides which.
 */
import { Refusal } from '../../contract/index.ts';
import { type Intent, readIntent, removeIntent } from './intent.ts';
import { doneText, errorText, ONGOING } from './messages.ts';
import type { RestoreProgress } from './progress.ts';
import { followSettings } from './settings.ts';
import { removePartials, removeStaged } from './steps.ts';
import type { RestoreOptions } from './types.ts';

/** Seconds that a trainer may take to save and stop. */
export const SAVE_TIMEOUT = 120;
/** Seconds between attempts to finish what follows the switch. */
const RETRY_SECONDS = 10;
/** Attempts to read lineage.json after a switch that failed with an I/O error. */
const READ_ATTEMPTS = 5;

export class Completion {
  private readonly options: RestoreOptions;
  private readonly progress: RestoreProgress;
  private stopRetrying: (() => void) | null = null;

  constructor(options: RestoreOptions, progress: RestoreProgress) {
    this.options = options;
    this.progress = progress;
  }

  private async reloadLineage(): Promise<string> {
    const branch = await this.options.lineage.reload();
    await this.options.checkpoints.refresh();
    return branch;
  }

  /** The branch that is the head according to lineage.json. */
  private async headOnDisk(): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.reloadLineage();
      } catch (error) {
        if (attempt === READ_ATTEMPTS) throw error;
        await this.options.clock.sleep(0.2);
      }
    }
  }

  /**
   * If lineage.json can't be read, nothing is undone and nothing is trained: the next start
   * decides.
   */
  async requireHead(intent: Intent): Promise<string> {
    try {
      return await this.headOnDisk();
    } catch (error) {
      const text = `Couldn't read ${this.options.paths.lineage} (${errorText(error)}), so it is unknown whether the switch took place. Training waits; the next start of the engine undoes or finishes the restore.`;
      this.progress.failed(intent.title, intent.phase, text);
      this.progress.report('failed', intent, text);
      throw new Refusal('NOT_READY', text, { subject: this.options.paths.lineage });
    }
  }

  /** The intent is removed last: until then a crash repeats the undo and its report. */
  async undo(intent: Intent, kind: 'failed' | 'undone', text: string): Promise<void> {
    this.progress.failed(intent.title, intent.phase, text);
    await removeStaged(this.options, intent.branch);
    this.progress.report(kind, intent, text);
    await this.options.journal.flush();
    await removeIntent(this.options.paths);
  }

  /** The setting follows the model, so that the next training continues from it. */
  private async followBase(title: string): Promise<void> {
    const current = this.options.lineage.current();
    if (current !== null && this.options.baseModels.mismatch() !== null)
      await this.options.config.follow('base_model', current.base.id, title);
    await this.options.baseModels.refresh();
  }

  /** Everything after the switch; can be repeated. Returns the datasets that were queued again. */
  async finish(intent: Intent, kind: 'done' | 'finished'): Promise<readonly string[]> {
    await this.reloadLineage();
    const queued = await this.options.queue.aftermath(intent.aftermath);
    await this.followBase(intent.title);
    await followSettings(this.options, intent);
    await this.options.metrics.follow().catch((error: unknown) => {
      // Only the charts are stale; the next start reads them again.
      this.options.failed('restore.metrics', error);
    });
    const text = doneText(intent);
    this.progress.report(
      kind,
      intent,
      kind === 'done' ? text : `Finished after an interruption. ${text}`,
    );
    await this.options.journal.flush();
    await removeIntent(this.options.paths);
    await this.options.queue.release();
    this.progress.clear();
    return queued;
  }

  /**
   * After the switch there is no way back: retries until it succeeds; nothing is trained before.
   * Returns the message.
   */
  retryFinish(intent: Intent, error: unknown): string {
    const text = `The model is at step ${String(intent.to.step)} (${intent.branch}), but updating the datasets failed: ${errorText(error)}. Retrying every ${String(RETRY_SECONDS)} s. Training waits.`;
    this.options.failed('restore.finish', error);
    this.progress.failed(intent.title, 'continue', text);
    this.stopRetrying = this.options.clock.after(RETRY_SECONDS, () => {
      this.stopRetrying = null;
      void this.finish(intent, 'finished').catch((next: unknown) => {
        this.retryFinish(intent, next);
      });
    });
    return text;
  }

  /** Lets the queue continue as soon as its folders can be read. */
  async releaseQueue(): Promise<void> {
    try {
      await this.options.queue.release();
    } catch (error) {
      this.options.failed('restore.release', error);
      this.options.clock.after(RETRY_SECONDS, () => void this.releaseQueue());
    }
  }

  /**
   * Undoes or finishes what an earlier process, or a failed undo, left behind. Call it only before
   * the queue starts or while it stands still.
   */
  async recover(): Promise<void> {
    await removePartials(this.options);
    const reading = await readIntent(this.options.paths);
    if (reading.kind === 'none') return;
    if (reading.kind === 'broken') {
      await removeIntent(this.options.paths);
      this.options.journal.write({
        what: 'restore.broken',
        text: `The record of an interrupted restore can't be read (${reading.problem}). The model is what lineage.json says.`,
      });
      return;
    }
    const { intent } = reading;
    if ((await this.headOnDisk()) !== intent.branch) {
      const { from, phase } = intent;
      const text = `Interrupted while ${ONGOING[phase]}. The model is unchanged: step ${String(from.step)} of ${from.branch}.`;
      await this.undo(intent, 'undone', text);
      return;
    }
    await this.options.queue.standStill(SAVE_TIMEOUT);
    try {
      await this.finish(intent, 'finished');
    } catch (error) {
      this.retryFinish(intent, error);
    }
  }

  isRetrying(): boolean {
    return this.stopRetrying !== null;
  }

  close(): void {
    this.stopRetrying?.();
  }
}
