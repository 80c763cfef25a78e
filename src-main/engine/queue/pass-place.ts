/** Where a pass stands in its dataset: the newest checkpoint that is of the pass. */
import type { CheckpointCursor } from '../../formats/index.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { DatasetMeta } from '../datasets/index.ts';
import { type PassFile, readCursor, writeCursor } from './pass-files.ts';
import type { OpenPass } from './passes.ts';

export interface SavedPlace {
  readonly step: number;
  readonly cursor: CheckpointCursor;
}

interface PlaceOptions {
  readonly checkpoints: Pick<CheckpointsRoom, 'newest'>;
}

/** Null: nothing of the pass was saved. */
export async function savedPlace(
  { checkpoints }: PlaceOptions,
  pass: Pick<PassFile, 'pass'>,
): Promise<SavedPlace | null> {
  const checkpoint = await checkpoints.newest();
  const cursor = checkpoint?.manifest.cursor ?? null;
  if (checkpoint === null || cursor?.pass !== pass.pass) return null;
  return { step: checkpoint.step, cursor };
}

/** All steps are trained and saved; only the last evaluation may be missing. */
export const isTrained = (place: SavedPlace | null, pass: PassFile): place is SavedPlace =>
  place !== null && place.cursor.complete && place.cursor.steps_done === pass.planned_steps;

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
    done_steps: pass.steps_before + (place?.cursor.steps_done ?? 0),
    resumes_at: (await readCursor(dataset.folder))?.position ?? null,
  };
}

export const cursorAt = ({ step, cursor }: SavedPlace, pass: PassFile, isSkipped: boolean) => ({
  position: cursor.position,
  epoch: cursor.epoch,
  seed: cursor.seed,
  content_hash: cursor.content_hash,
  cache: pass.cache,
  excluded_rows: pass.excluded_rows,
  row_order: pass.row_order,
  ...(isSkipped ? { pass: pass.pass } : {}),
  step,
});
