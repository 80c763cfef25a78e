/** The phases of a restore, one after another. */
import { Refusal, type RestoreResult, type RestoreSource } from '../../contract/index.ts';
import { type Completion, SAVE_TIMEOUT } from './completion.ts';
import type { Decision } from './decide.ts';
import { type Intent, intentOf, type RestoreChoices, writeIntent } from './intent.ts';
import { asRefusal, changedMeanwhile, doneText } from './messages.ts';
import type { RestoreProgress } from './progress.ts';
import { baseOf } from './stage-worker.ts';
import { backUp, keepAsVersion, stage } from './steps.ts';
import type { RestoreOptions, RestorePhase } from './types.ts';
import { verifySource } from './verify-source.ts';

export interface RestoreRequest extends RestoreChoices {
  readonly source: RestoreSource;
  readonly by: string;
}

export interface PerformContext {
  readonly options: RestoreOptions;
  readonly progress: RestoreProgress;
  readonly completion: Completion;
  readonly decide: (source: RestoreSource) => Promise<Decision>;
  readonly isClosing: () => boolean;
  readonly onDamaged: (folder: string) => void;
  readonly onMeasured: (phase: RestorePhase, seconds: number, bytes: number) => void;
}

/**
 * After every Refusal the model is unchanged, or the restore is finished in the background and the
 * message says so.
 */
export async function performRestore(
  context: PerformContext,
  request: RestoreRequest,
  agreed: Decision,
): Promise<RestoreResult> {
  const { progress, completion } = context;
  const intent = await untilSwitched(context, request, agreed);
  progress.running(intent.title, 'continue');
  let queued: readonly string[];
  try {
    queued = await timed(context, 'continue', 0, () => completion.finish(intent, 'done'));
  } catch (error) {
    const text = completion.retryFinish(intent, error);
    throw new Refusal('NOT_READY', `${intent.title}: ${text}`, { subject: intent.branch });
  }
  const names = queued.map(
    (id) => agreed.plan.datasets_leaving.find((dataset) => dataset.id === id)?.name ?? id,
  );
  const { from, to, branch, optimizer_state, backup } = intent;
  return { from, to, branch, optimizer_state, backup, queued_again: names, text: doneText(intent) };
}

/**
 * Returns when the new branch is the head. A failure before that is undone and thrown as a Refusal.
 */
async function untilSwitched(
  context: PerformContext,
  request: RestoreRequest,
  agreed: Decision,
): Promise<Intent> {
  const { options, progress, completion } = context;
  let intent = intentOf(agreed, request, options.clock.now());
  const begin = async (phase: RestorePhase): Promise<void> => {
    if (context.isClosing())
      throw new Refusal('BUSY', 'The engine is shutting down.', {
        next: 'Restore again after it has restarted.',
      });
    progress.running(intent.title, phase);
    intent = { ...intent, phase };
    await writeIntent(options.paths, intent);
  };
  let isQueueHeld = false;
  try {
    await begin('pause');
    await timed(context, 'pause', 0, () => options.queue.standStill(SAVE_TIMEOUT));
    isQueueHeld = true;
    // Decided again: the trainer may have saved, or completed a dataset, since the plan was
    // confirmed.
    const decision = await context.decide(request.source);
    if (decision.plan.id !== agreed.plan.id) throw changedMeanwhile(decision.plan);
    intent = { ...intentOf(decision, request, intent.started), id: intent.id };
    const { point, plan, entry } = decision;
    await begin('verify');
    const verified = await timed(context, 'verify', point.bytes, () =>
      verifySource(options, point, context.onDamaged),
    );
    await begin('back_up');
    if (request.source.kind === 'base') await keepAsVersion(options, request.source.id, request.by);
    const backup = await timed(context, 'back_up', plan.disk.needed_bytes, () =>
      backUp(options, intent.title, request.by),
    );
    intent = { ...intent, backup: backup?.id ?? null };
    await begin('stage');
    await timed(context, 'stage', point.bytes, () => stage(options, decision, intent, verified));
    await begin('switch');
    await timed(context, 'switch', 0, () =>
      options.lineage.openBranch(entry, point.step, baseOf(options, point)),
    );
  } catch (error) {
    const refusal = asRefusal(error, intent.phase);
    if ((await completion.requireHead(intent)) !== intent.branch) {
      await completion
        .undo(intent, 'failed', `${refusal.message} The model is unchanged.`)
        .catch((failure: unknown) => {
          // The staged branch stays unused until the next restore or the next start removes it.
          options.failed('restore.undo', failure);
        });
      if (isQueueHeld) await completion.releaseQueue();
      throw refusal;
    }
    // The rename succeeded; only making it durable failed.
    options.failed('restore.switch', error);
  }
  return intent;
}

async function timed<T>(
  { options, onMeasured }: PerformContext,
  phase: RestorePhase,
  bytes: number,
  work: () => Promise<T>,
): Promise<T> {
  const began = options.clock.monotonic();
  const value = await work();
  onMeasured(phase, options.clock.monotonic() - began, bytes);
  return value;
}
