/**
 * The end of a restore, by its own process or by a later one: before the switch it is undone, after the switch it is finished. What
 * lineage.json says decides which.
 */
import { Refusal } from '../../contract/index.ts';
import { type Intent, readIntent, removeIntent } from './intent.ts';
import { doneText, errorText, ONGOING } from './messages.ts';
import type { RestoreProgress } from './progress.ts';
import { removePartials, removeStaged } from './steps.ts';
import type { RestoreOptions } from './types.ts';

/** Seconds that a trainer may take to save and stop. */
export const SAVE_TIMEOUT = 120;
/** Seconds between attempts to finish what follows the switch. */
const RETRY_SECONDS = 10;
/** Attempts to read lineage.json after a switch that failed with an I/O error. */
const READ_ATTEMPTS = 5;

export type Completion = ReturnType<typeof createCompletion>;

export function createCompletion(options: RestoreOptions, progress: RestoreProgress) {
  const { paths, lineage, queue, clock, journal } = options;
  let stopRetrying: (() => void) | null = null;

  async function reloadLineage(): Promise<string> {
    const branch = await lineage.reload();
    await options.checkpoints.refresh();
    return branch;
  }

  /** The branch that is the head according to lineage.json. */
  async function headOnDisk(): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await reloadLineage();
      } catch (error) {
        if (attempt === READ_ATTEMPTS) throw error;
        await clock.sleep(0.2);
      }
    }
  }

  /** If lineage.json can't be read, nothing is undone and nothing is trained: the next start decides. */
  async function requireHead(intent: Intent): Promise<string> {
    try {
      return await headOnDisk();
    } catch (error) {
      const text = `Couldn't read ${paths.lineage} (${errorText(error)}), so it is unknown whether the switch took place. Training waits; the next start of the engine undoes or finishes the restore.`;
      progress.failed(intent.title, intent.phase, text);
      progress.report('failed', intent, text);
      throw new Refusal('NOT_READY', text, { subject: paths.lineage });
    }
  }

  /** The intent is removed last: until then a crash repeats the undo and its report. */
  async function undo(intent: Intent, kind: 'failed' | 'undone', text: string): Promise<void> {
    progress.failed(intent.title, intent.phase, text);
    await removeStaged(options, intent.branch);
    progress.report(kind, intent, text);
    await journal.flush();
    await removeIntent(paths);
  }

  /** The setting follows the model, so that the next training continues from it. */
  async function followBase(title: string): Promise<void> {
    const current = lineage.current();
    if (current !== null && options.baseModels.mismatch() !== null)
      await options.config.follow('base_model', current.base.id, title);
    await options.baseModels.refresh();
  }

  /** Everything after the switch; can be repeated. Returns the datasets that were queued again. */
  async function finish(intent: Intent, kind: 'done' | 'finished'): Promise<readonly string[]> {
    await reloadLineage();
    const queued = await queue.aftermath(intent.aftermath);
    await followBase(intent.title);
    await options.metrics.follow().catch((error: unknown) => {
      // Only the charts are stale; the next start reads them again.
      options.failed('restore.metrics', error);
    });
    const text = doneText(intent);
    progress.report(
      kind,
      intent,
      kind === 'done' ? text : `Finished after an interruption. ${text}`,
    );
    await journal.flush();
    await removeIntent(paths);
    await queue.release();
    progress.clear();
    return queued;
  }

  /** After the switch there is no way back: retries until it succeeds; nothing is trained before. Returns the message. */
  function retryFinish(intent: Intent, error: unknown): string {
    const text = `The model is at step ${String(intent.to.step)} (${intent.branch}), but updating the datasets failed: ${errorText(error)}. Retrying every ${String(RETRY_SECONDS)} s. Training waits.`;
    options.failed('restore.finish', error);
    progress.failed(intent.title, 'continue', text);
    stopRetrying = clock.after(RETRY_SECONDS, () => {
      stopRetrying = null;
      void finish(intent, 'finished').catch((next: unknown) => {
        retryFinish(intent, next);
      });
    });
    return text;
  }

  /** Lets the queue continue as soon as its folders can be read. */
  async function releaseQueue(): Promise<void> {
    try {
      await queue.release();
    } catch (error) {
      options.failed('restore.release', error);
      clock.after(RETRY_SECONDS, () => void releaseQueue());
    }
  }

  /**
   * Undoes or finishes what an earlier process, or a failed undo, left behind. Call it only before the queue starts or while
   * it stands still.
   */
  async function recover(): Promise<void> {
    await removePartials(options);
    const reading = await readIntent(paths);
    if (reading.kind === 'none') return;
    if (reading.kind === 'broken') {
      await removeIntent(paths);
      journal.write({
        what: 'restore.broken',
        text: `The record of an interrupted restore can't be read (${reading.problem}). The model is what lineage.json says.`,
      });
      return;
    }
    const { intent } = reading;
    if ((await headOnDisk()) !== intent.branch) {
      const { from, phase } = intent;
      const text = `Interrupted while ${ONGOING[phase]}. The model is unchanged: step ${String(from.step)} of ${from.branch}.`;
      await undo(intent, 'undone', text);
      return;
    }
    await queue.standStill(SAVE_TIMEOUT);
    try {
      await finish(intent, 'finished');
    } catch (error) {
      retryFinish(intent, error);
    }
  }

  return {
    requireHead,
    undo,
    finish,
    retryFinish,
    releaseQueue,
    recover,
    isRetrying: (): boolean => stopRetrying !== null,
    close(): void {
      stopRetrying?.();
    },
  };
}
