/**
 * Where a pass stands in its dataset: the newest checkpoint when it is of the pass, else the last of
 * its steps that the model has.
 */
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { DatasetMeta, DatasetsRoom } from '../datasets/index.ts';
import { type PassFile, readCursor, writeCursor } from './pass-files.ts';
import type { OpenPass } from './passes.ts';

export interface SavedPlace {
  readonly step: number;
  readonly position: number;
  readonly epoch: number;
  readonly stepsDone: number;
  /** The newest checkpoint is of another pass: this one can't be resumed, only continued by a new one. */
  readonly isOvertaken: boolean;
}

export interface PlaceOptions {
  readonly checkpoints: Pick<CheckpointsRoom, 'newest'>;
  readonly datasets: Pick<DatasetsRoom, 'lastStep'>;
}

/** Null: nothing of the pass was saved. */
export async function savedPlace(
  { checkpoints, datasets }: PlaceOptions,
  pass: Pick<PassFile, 'pass' | 'dataset' | 'head_step'>,
): Promise<SavedPlace | null> {
  const checkpoint = await checkpoints.newest();
  if (checkpoint === null) return null;
  const { step } = checkpoint;
  const { cursor } = checkpoint.manifest;
  if (cursor?.pass === pass.pass) {
    const { position, epoch, steps_done: stepsDone } = cursor;
    return { step, position, epoch, stepsDone, isOvertaken: false };
  }
  // Another pass saved after it; its own checkpoints may have been rotated away.
  const after = pass.head_step ?? 0;
  if (step <= after) return null;
  const last = await datasets.lastStep(pass.dataset, { after, upTo: step });
  return last === null ? null : { ...last, isOvertaken: true };
}

/** All steps are trained and saved; only the last evaluation may be missing. */
export const isTrained = (place: SavedPlace | null, pass: PassFile): place is SavedPlace =>
  place !== null && place.stepsDone === pass.planned_steps;

/**
 * Writes cursor.json, so that the dataset continues there and no row is trained twice; what
 * meta.json says about it is returned. An earlier cursor stays when nothing of the pass was saved.
 * `isSkipped`: names the pass, which marks it as skipped to the next start of the engine.
 */
export async function keepPlace(
  options: PlaceOptions,
  { dataset, pass }: OpenPass,
  { isSkipped }: { readonly isSkipped: boolean },
): Promise<Partial<DatasetMeta>> {
  const place = await savedPlace(options, pass);
  if (place !== null) await writeCursor(dataset.folder, cursorAt(place, pass, isSkipped));
  return {
    done_steps: pass.steps_before + (place?.stepsDone ?? 0),
    resumes_at: (await readCursor(dataset.folder))?.position ?? null,
  };
}

const cursorAt = ({ step, position, epoch }: SavedPlace, pass: PassFile, isSkipped: boolean) => ({
  position,
  epoch,
  seed: pass.config.seed,
  content_hash: pass.content_hash,
  cache: pass.cache,
  excluded_rows: pass.excluded_rows,
  row_order: pass.row_order,
  ...(isSkipped ? { pass: pass.pass } : {}),
  step,
});
