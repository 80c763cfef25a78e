/**
 * Versions are made from a checkpoint: after each dataset, daily, before a new lineage, or when the
 * user asks.
 */
import path from 'node:path';
import { type Config, isInAncestry, type Point, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { versionName } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { checkpointName, type CheckpointsRoom, listCheckpoints } from '../checkpoints/index.ts';
import type { Journal } from '../journal/index.ts';
import type { LineageRoom } from '../lineage/index.ts';
import type { Measured } from './measured.ts';
import type { VersionFile } from './version-files.ts';
import { slugOf } from './version-name.ts';
import type { VersionStore } from './version-store.ts';

interface DatasetName {
  readonly id: string;
  readonly name: string;
}

/** What other rooms know about the weights of a version. */
interface StepFacts {
  readonly config: Config;
  /** What was measured at exactly this step. */
  readonly measuredAt: (step: number) => Measured;
  /** Datasets with steps in the model after `since`, completely or in part; null: after the base. */
  readonly trainedSince: (since: Point | null, step: number) => Promise<readonly DatasetName[]>;
}

/** What a finished pass knows. */
export interface PassVersionInput extends StepFacts {
  readonly pass: string;
  readonly dataset: DatasetName;
  readonly step: number;
  readonly stepsDone: number;
}

/** What is known when the newest checkpoint is kept on request. */
export interface ManualVersionInput extends StepFacts {
  readonly description: string;
  readonly by: string;
  /** How the version came about; `manually` when absent. */
  readonly how?: string;
  /** The dataset that is being trained, if any. */
  readonly dataset: DatasetName | null;
}

export interface CreateOptions {
  readonly paths: WorkspacePaths;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly lineage: LineageRoom;
  readonly checkpoints: Pick<CheckpointsRoom, 'newest' | 'verify'>;
  readonly store: VersionStore;
}

type Facts = Pick<VersionFile, 'pass' | 'dataset' | 'description' | 'step' | 'how' | 'config'> &
  Pick<StepFacts, 'measuredAt' | 'trainedSince'> & { readonly slug: string };

async function publish(
  { store, lineage, clock }: CreateOptions,
  model: string,
  facts: Facts,
  versions: readonly VersionFile[],
): Promise<VersionFile> {
  const number = await store.nextNumber();
  const ancestry = lineage.ancestry();
  const parent = versions.find((version) => isInAncestry(ancestry, version)) ?? null;
  const measured = facts.measuredAt(facts.step);
  return store.publish(model, {
    format: 1,
    pass: facts.pass,
    dataset: facts.dataset,
    number,
    name: versionName(number, slugOf(facts.slug)),
    description: facts.description,
    created: clock.now(),
    branch: lineage.branch(),
    step: facts.step,
    datasets: [...(await facts.trainedSince(parent, facts.step))],
    validation_loss: measured.validationLoss,
    validation_dataset: measured.validationDataset,
    gap: measured.gap,
    training_loss: measured.trainingLoss,
    exact_match: measured.exactMatch,
    evaluated_step: measured.evaluatedStep,
    evaluated_precision: measured.precision,
    parent: parent?.name ?? null,
    pinned: false,
    how: facts.how,
    config: facts.config,
  });
}

/**
 * Calling it again for the same pass and step returns the same version. Refusal NOT_READY for a
 * damaged checkpoint.
 */
export async function createAfterPass(
  options: CreateOptions,
  input: PassVersionInput,
): Promise<VersionFile> {
  const { paths, journal, lineage, store } = options;
  const versions = await store.list();
  const existing = versions.find(
    (version) => version.pass === input.pass && version.step === input.step,
  );
  if (existing !== undefined) return existing;
  const folder = path.join(paths.checkpoints(lineage.branch()), checkpointName(input.step));
  await requireVerified(options, folder, input.step);
  const steps = `${input.stepsDone} ${input.stepsDone === 1 ? 'step' : 'steps'}`;
  const version = await publish(
    options,
    path.join(folder, 'model'),
    {
      ...input,
      dataset: input.dataset.id,
      slug: input.dataset.name,
      description: `after ${input.dataset.name}, ${steps}`,
      how: 'automatically after a dataset',
    },
    versions,
  );
  await lineage.setHead(input.step);
  journal.write({
    what: 'versions.create',
    text: `Created version ${version.name} from step ${input.step}.`,
    step: input.step,
    dataset: input.dataset.id,
    evidence: { folder: version.folder, bytes: version.bytes },
  });
  return version;
}

/**
 * Keeps the newest checkpoint. Refusal NOT_READY when there is none, or when a version has its step
 * already.
 */
export async function createFromNewest(
  options: CreateOptions,
  input: ManualVersionInput,
): Promise<VersionFile> {
  const { journal, lineage, checkpoints, store } = options;
  const newest = await checkpoints.newest();
  if (newest === null)
    throw new Refusal('NOT_READY', 'There is no checkpoint to make a version from yet.', {
      next: 'Train first; a checkpoint is saved every save_steps steps and at each pause.',
    });
  const versions = await store.list();
  const points = sameWeights(lineage, newest.step);
  const existing = versions.find((version) =>
    points.some((point) => version.branch === point.branch && version.step === point.step),
  );
  if (existing !== undefined)
    throw new Refusal('NOT_READY', `Step ${newest.step} is already saved as ${existing.name}.`, {
      subject: existing.name,
      next: 'Pause to save the current step, or wait for the next checkpoint.',
    });
  await requireVerified(options, newest.folder, newest.step);
  const version = await publish(
    options,
    path.join(newest.folder, 'model'),
    {
      ...input,
      pass: null,
      step: newest.step,
      dataset: input.dataset?.id ?? null,
      slug: input.description,
      how: input.how ?? 'manually',
    },
    versions,
  );
  journal.write({
    what: 'versions.create',
    text: `Created version ${version.name} from step ${newest.step}, ${version.how} (${input.by}).`,
    step: newest.step,
    evidence: { folder: version.folder, bytes: version.bytes },
  });
  return version;
}

/** The first checkpoint of a restored branch has the weights of its parent point. */
function sameWeights(lineage: LineageRoom, step: number): readonly Point[] {
  const branch = lineage.branch();
  const entry = lineage.branches().find((known) => known.name === branch);
  const parent = entry?.parent?.step === step ? lineage.ancestry().at(-2) : undefined;
  return [{ branch, step }, ...(parent === undefined ? [] : [{ branch: parent.branch, step }])];
}

/**
 * A version is hard-linked to its checkpoint, so a damaged checkpoint must not become one. Refusal
 * NOT_READY.
 */
async function requireVerified(
  { journal, checkpoints }: CreateOptions,
  folder: string,
  step: number,
): Promise<void> {
  const siblings = await listCheckpoints(path.dirname(folder));
  const found = siblings.find((checkpoint) => checkpoint.step === step);
  let problem = found === undefined ? "its manifest.json can't be read" : found.problem;
  if (problem === null)
    problem = await checkpoints.verify(folder).catch((error: unknown) => {
      // Without the worker only sizes can be compared; the version gets SHA-256 hashes of its own.
      journal.write({
        what: 'versions.sizes_only',
        text: `Checkpoint ${step} was checked by file sizes only: ${error instanceof Error ? error.message : String(error)}`,
        step,
      });
      return null;
    });
  if (problem === null) return;
  throw new Refusal('NOT_READY', `Checkpoint ${step} is damaged: ${problem}.`, {
    subject: folder,
    next: 'No version was created. Try again after the next checkpoint is saved.',
  });
}
