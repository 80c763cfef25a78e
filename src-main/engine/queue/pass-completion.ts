/** Closes a pass whose trainer has finished: the version, then pass.json, then the rename. */
import { plural } from '../../contract/format.ts';
import type { Version } from '../../contract/index.ts';
import type { PassOutcome } from '../trainer/index.ts';
import { measuredBy } from '../versions/index.ts';
import { removeCursor, writePass } from './pass-files.ts';
import type { PassOptions } from './pass-options.ts';
import type { OpenPass } from './passes.ts';
import { decideCompletion } from './queue-rules.ts';

export type Closed =
  | { readonly kind: 'completed'; readonly version: Version | null }
  | { readonly kind: 'failed'; readonly reason: string };

type Outcome = Exclude<PassOutcome, { kind: 'gave_up' }>;

const METRICS_POLL_SECONDS = 0.05;
const METRICS_POLLS = 20;

/** `failed` when fewer steps were trained than planned; the caller then closes the pass. */
export async function completePass(
  options: PassOptions,
  open: OpenPass,
  outcome: Outcome,
): Promise<Closed> {
  const { dataset, pass } = open;
  const done = outcome.stepsDone ?? 0;
  const reason = decideCompletion({ planned: pass.planned_steps, done });
  if (reason !== null) return { kind: 'failed', reason };
  await waitForMetrics(options, outcome.step);
  const version = await createVersion(options, open, outcome);
  await writePass(dataset.folder, { ...pass, state: 'completed' });
  await options.datasets.toCompleted(dataset.id, {
    done_steps: pass.steps_before + done,
    resumes_at: null,
    ...validationOf(options.metrics.ofPass(pass.pass), outcome.step),
  });
  await removeCursor(dataset.folder);
  options.config.openPass(null);
  options.journal.write({
    what: 'queue.completed',
    text: `Finished ${dataset.name}: ${plural(done, 'step')}.`,
    step: outcome.step,
    dataset: dataset.id,
    evidence: { version: version?.name ?? null, planned_steps: pass.planned_steps },
  });
  await options.estimate.settle(dataset, pass.pass);
  return { kind: 'completed', version };
}

/**
 * The losses on the rows held out of the dataset, before and after a pass, each with its step. Null:
 * not measured; a figure of another step, or of the fixed set, never stands in. Pure.
 */
export function validationOf(
  { start, end }: ReturnType<PassOptions['metrics']['ofPass']>,
  lastStep: number,
) {
  const after = end?.step === lastStep ? end : null;
  return {
    validation_before: start?.slice_loss ?? null,
    validation_before_step: start?.slice_loss == null ? null : start.step,
    validation_after: after?.slice_loss ?? null,
    validation_after_step: after?.slice_loss == null ? null : after.step,
  };
}

/** Metrics are read from the run's files, so the last evaluation can be a moment late. */
async function waitForMetrics({ metrics, clock }: PassOptions, step: number): Promise<void> {
  await metrics.settled;
  for (let poll = 0; poll < METRICS_POLLS; poll += 1) {
    if (metrics.at(step).evaluation !== null) return;
    await clock.sleep(METRICS_POLL_SECONDS);
  }
}

/** Null when it fails: the trained weights are in the checkpoint, so the dataset is still done. */
async function createVersion(
  options: PassOptions,
  { dataset, pass }: OpenPass,
  outcome: Outcome,
): Promise<Version | null> {
  try {
    const version = await options.versions.create({
      pass: pass.pass,
      dataset: { id: dataset.id, name: dataset.name },
      step: outcome.step,
      stepsDone: outcome.stepsDone ?? 0,
      measuredAt: (step) => measuredBy(options.metrics.at(step)),
      trainedSince: options.datasets.trainedSince,
      config: pass.config,
    });
    const { step, created: t, name: label } = version;
    options.metrics.mark({ kind: 'version', step, t, until: null, label });
    return version;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    options.journal.write({
      what: 'queue.pass',
      text: `Couldn't create a version after ${dataset.name}: ${message}`,
      dataset: dataset.id,
    });
    return null;
  }
}
