/**
 * A pass.json that can't be read: from its last good copy, else rebuilt from the spec of its runs.
 * Without either, the newest checkpoint says where the dataset continues.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isTrainRun, readOrNull, specFiles, type TrainSpec } from '../../formats/index.ts';
import type { PassDataset } from '../datasets/index.ts';
import { type PassFile, recoverPass, writeCursor, writePass } from './pass-files.ts';
import type { PassOptions } from './pass-options.ts';
import { stepsBefore } from './pass-position.ts';
import { ifMissing } from '../../kit/system-errors.ts';

export interface PassReading {
  readonly pass: PassFile | null;
  /** Set for a file of a newer version, which must not be replaced. */
  readonly newer: string | null;
}

/** Throws what the disk throws. `onRecovered`: one sentence about what was done. */
export async function readPassOrRecover(
  options: Pick<PassOptions, 'paths' | 'checkpoints'>,
  dataset: PassDataset,
  onRecovered: (text: string) => void,
): Promise<PassReading> {
  const { value, recovered, problem, isNewer } = await recoverPass(dataset.folder);
  if (isNewer) return { pass: null, newer: problem ?? 'pass.json is newer' };
  const isLost = value === null && (problem !== null || dataset.place === 'processing');
  if (recovered === null && !isLost) return { pass: value, newer: null };
  const pass = value ?? (await rebuildPass(options, dataset));
  if (pass !== null) {
    await writePass(dataset.folder, pass);
    const how = value === null ? 'rebuilt from its runs' : 'restored from its last good copy';
    onRecovered(`The pass.json of ${dataset.name} was damaged or missing and has been ${how}.`);
    return { pass, newer: null };
  }
  const position = await cursorFromCheckpoint(options, dataset);
  onRecovered(
    position === null
      ? `The pass.json of ${dataset.name} was damaged or missing, and no run or checkpoint of it is left: it starts at its first row.`
      : `The pass.json of ${dataset.name} was damaged or missing: it continues at row ${String(position + 1)} of its pass, from the newest checkpoint.`,
  );
  return { pass: null, newer: null };
}

/** From the first run of the newest pass of the dataset. Null: there is none. */
async function rebuildPass(
  { paths }: Pick<PassOptions, 'paths'>,
  { id }: PassDataset,
): Promise<PassFile | null> {
  const runs = (await readdir(paths.runs).catch(ifMissing([]))).filter(isTrainRun).sort().reverse();
  let first: TrainSpec | null = null;
  for (const run of runs) {
    const spec = await readOrNull(path.join(paths.run(run), 'spec.json'), specFiles.train);
    if (spec?.dataset.id !== id || spec.frozen === undefined) continue;
    if (first !== null && spec.pass.id !== first.pass.id) break;
    first = spec;
  }
  return first === null ? null : passOf(first);
}

function passOf(spec: TrainSpec): PassFile | null {
  const { frozen: config, dataset, pass, base, lineage, start, created } = spec;
  if (config === undefined) return null;
  return {
    format: 1,
    pass: pass.id,
    dataset: dataset.id,
    config,
    planned_steps: pass.planned_steps,
    // As if the rows before had been trained with the same batch size.
    steps_before: stepsBefore(start.position, Number.MAX_SAFE_INTEGER, config),
    content_hash: dataset.content_hash,
    cache: path.basename(dataset.cache),
    base,
    head_step: lineage.head_step,
    start,
    excluded_rows: dataset.excluded_rows,
    row_order: dataset.row_order,
    started: created ?? 0,
    state: 'open',
    reason: null,
  };
}

/** The position; null: no checkpoint stands in the dataset. */
async function cursorFromCheckpoint(
  { checkpoints }: Pick<PassOptions, 'checkpoints'>,
  { id, folder }: PassDataset,
): Promise<number | null> {
  const checkpoint = await checkpoints.newest();
  const cursor = checkpoint?.manifest.cursor ?? null;
  if (checkpoint === null || cursor?.dataset !== id || cursor.complete) return null;
  const { position, epoch, seed, content_hash, excluded_rows, row_order } = cursor;
  const rows = { excluded_rows: [...excluded_rows], row_order };
  const at = { position, epoch, seed, content_hash, ...rows };
  await writeCursor(folder, { ...at, step: checkpoint.step });
  return position;
}
