/** What is read of the workspace before a restore is decided. */
import type { EvaluationPoint, Point, RestorePlan, RestoreSource } from '../../contract/index.ts';
import type { PassFile } from '../../formats/index.ts';
import type { ModelState, RestoreInputs } from './decide.ts';
import { readLineageBase, readRequestedBase, readSavedPoints } from './saved-points.ts';
import { changedSettings } from './settings.ts';
import type { RestoreOptions, RestorePhase, SavedPoint } from './types.ts';

/**
 * Durations of the phases of earlier restores in this process. `bytes` 0: the phase doesn't depend
 * on the size.
 */
export type PhaseTimes = ReadonlyMap<
  RestorePhase,
  { readonly seconds: number; readonly bytes: number }
>;

/** `damaged`: folders whose bytes were found to be wrong by this process. */
export async function readInputs(
  options: RestoreOptions,
  damaged: ReadonlySet<string>,
  times: PhaseTimes,
  source: RestoreSource,
): Promise<RestoreInputs> {
  const { lineage, trainer, queue, config, disk } = options;
  await disk.refresh();
  const saved = await readSavedPoints(options, damaged);
  const head = lineage.branch();
  const newest = await options.checkpoints.newest();
  const { alive, heartbeat } = trainer.view();
  const live = alive && heartbeat !== null && heartbeat.phase !== 'load' ? heartbeat.step : 0;
  const step = Math.max(newest?.step ?? 0, live ?? 0, newestSavedStep(saved, head));
  const datasets = await options.datasets.trained();
  const passes = await readPasses(queue, datasets);
  const { freeGb } = disk.reading();
  const newBranch = await lineage.nextBranch();
  return {
    head,
    branches: lineage.branches(),
    at: step === 0 && newest === null && saved.length === 0 ? null : { branch: head, step },
    saved,
    base: await readLineageBase(options),
    requestedBase:
      source.kind === 'base' ? await readRequestedBase(options, source.id, newBranch) : null,
    datasets,
    newBranch,
    openPasses: new Map(
      passes.filter(({ state }) => state === 'open').map(({ dataset, pass }) => [dataset, pass]),
    ),
    settings: (point) => changedSettings(config.values(), trainedWith(options, passes, point)),
    isTraining: queue.isSupervising(),
    warmupSteps: (queue.open()?.pass.config ?? config.values()).warmup_steps,
    modelState: (at, point) => modelState(options, at, point),
    freeBytes: freeGb === null ? null : freeGb * 1e9,
    backupBytes: newest?.bytes ?? 0,
    seconds: (phase, bytes) => {
      const known = times.get(phase);
      if (known === undefined) return null;
      return known.bytes === 0 ? known.seconds : (known.seconds * bytes) / known.bytes;
    },
    now: options.clock.now(),
  };
}

/** The last pass of every dataset. */
async function readPasses(
  queue: RestoreOptions['queue'],
  datasets: readonly { readonly id: string }[],
): Promise<readonly PassFile[]> {
  const passes: PassFile[] = [];
  for (const { id } of datasets) {
    const pass = await queue.passOf(id);
    if (pass !== null) passes.push(pass);
  }
  return passes;
}

/** The configuration of a point: its version has it, else the pass that its checkpoint is of. */
function trainedWith(
  { versions }: RestoreOptions,
  passes: readonly PassFile[],
  point: SavedPoint,
): Readonly<Record<string, unknown>> | null {
  if (point.origin.kind === 'base') return null;
  const { origin, branch, step, cursor } = point;
  const all = versions.list();
  const version =
    all.find(({ name }) => origin.kind === 'version' && name === origin.name) ??
    all.find((known) => known.branch === branch && known.step === step);
  return version?.config ?? passes.find(({ pass }) => pass === cursor?.pass)?.config ?? null;
}

const newestSavedStep = (saved: readonly SavedPoint[], branch: string): number =>
  Math.max(
    0,
    ...saved
      .filter((point) => point.branch === branch && point.origin.kind !== 'backup')
      .map((point) => point.step),
  );

/**
 * What is known of the model at a point: from its version, else from the newest evaluation up to it
 * on its branch.
 */
function modelState(
  options: RestoreOptions,
  at: Point,
  point: SavedPoint | null,
): Pick<RestorePlan['from'], keyof ModelState> {
  const versions = options.versions.list();
  const name = point?.origin.kind === 'version' ? point.origin.name : null;
  const version =
    versions.find((known) => known.name === name) ??
    versions.find((known) => known.branch === at.branch && known.step === at.step);
  if (version !== undefined) {
    const { validation_loss, validation_dataset, evaluated_step, exact_match } = version;
    const { evaluated_precision = null } = version;
    return {
      ...{ validation_loss, validation_dataset, evaluated_step, evaluated_precision, exact_match },
    };
  }
  const evaluation: EvaluationPoint | undefined = options.metrics
    .validation()
    .find((validation) => validation.branch === at.branch)
    ?.evaluations.findLast((known) => known.step <= at.step);
  return {
    validation_loss: evaluation?.core_loss ?? null,
    validation_dataset: evaluation?.slice_loss ?? null,
    evaluated_step: evaluation?.step ?? null,
    evaluated_precision: evaluation?.precision ?? null,
    exact_match:
      evaluation?.exact_k == null || evaluation.exact_n == null
        ? null
        : { k: evaluation.exact_k, n: evaluation.exact_n },
  };
}
