/**
 * What a restore changes in the queue. Repeatable: a crash in between is finished at the next
 * start.
 */
import type { Aftermath } from '../../formats/index.ts';
import type { DatasetsRoom, PassDataset } from '../datasets/index.ts';
import {
  type Cursor,
  type PassFile,
  removeCursor,
  requirePass,
  writeCursor,
  writePass,
} from './pass-files.ts';
import type { Passes } from './passes.ts';

export type { Aftermath } from '../../formats/index.ts';

/** The ids of the datasets that are queued again. */
export async function applyAftermath(
  datasets: DatasetsRoom,
  passes: Passes,
  after: Aftermath,
): Promise<readonly string[]> {
  await leavePasses(datasets, after);
  for (const account of after.accounts) await applyAccount(datasets, account);
  if (after.cursor !== null) {
    const dataset = datasets.forPass(after.cursor.dataset);
    if (dataset !== null) await setCursor(datasets, dataset, after.cursor.at);
  }
  for (const dataset of datasets.processing()) {
    const pass = await requirePass(dataset.folder);
    if (pass?.state !== 'left') continue;
    await datasets.toQueue(dataset.id, dataset.priority, {
      before: passes.first(dataset),
      revalidate: false,
    });
  }
  const queued: string[] = [];
  // Last one first: each is put in front of those before it.
  for (const id of [...after.queueAgain].reverse()) {
    const dataset = datasets.forPass(id);
    if (dataset === null || dataset.place === 'processing') continue;
    await datasets.toQueue(id, dataset.priority, {
      before: passes.first(dataset),
      revalidate: dataset.validated?.verdict !== 'ready',
    });
    queued.unshift(id);
  }
  await holdAndSkip(datasets, passes, after);
  return queued;
}

async function holdAndSkip(
  datasets: DatasetsRoom,
  passes: Passes,
  { hold = [], skip = [] }: Aftermath,
): Promise<void> {
  for (const id of [...hold].reverse()) {
    const dataset = datasets.forPass(id);
    if (dataset === null || dataset.place === 'processing') continue;
    await datasets.note(id, { held: true });
    if (dataset.place === 'queue') continue;
    await datasets.toQueue(id, dataset.priority, {
      before: passes.first(dataset),
      revalidate: dataset.validated?.verdict !== 'ready',
    });
  }
  for (const id of skip) {
    const dataset = datasets.forPass(id);
    if (dataset === null || dataset.place === 'processing') continue;
    await datasets.toSkipped(id, 'undone by a restore; requeue it to train it again');
  }
}

async function setCursor(
  datasets: DatasetsRoom,
  { id, folder }: PassDataset,
  at: Omit<Cursor, 'format'>,
): Promise<void> {
  await writeCursor(folder, at);
  await datasets.note(id, { resumes_at: at.position });
}

/** An interrupted pass would continue from weights that the model no longer has. */
async function leavePasses(datasets: DatasetsRoom, after: Aftermath): Promise<void> {
  for (const dataset of [...datasets.processing(), ...datasets.queued()]) {
    const pass = await requirePass(dataset.folder);
    if (pass?.state !== 'open' || pass.pass === after.goesOn) continue;
    await writePass(dataset.folder, { ...pass, state: 'left', reason: 'undone by a restore' });
  }
}

async function applyAccount(
  datasets: DatasetsRoom,
  { id, steps, missing, place }: Aftermath['accounts'][number],
): Promise<void> {
  const dataset = datasets.forPass(id);
  if (dataset === null) return;
  await datasets.note(id, {
    done_steps: steps,
    resumes_at: null,
    ...(dataset.place === 'completed' ? { reason: missing } : {}),
    ...(missing === null ? {} : { validation_after: null, validation_after_step: null }),
  });
  // An earlier cursor says where it stood in a model that is no longer this one.
  await removeCursor(dataset.folder);
  const pass = place == null ? null : await requirePass(dataset.folder);
  if (place == null || pass === null) return;
  const position = await positionOf(datasets, dataset, pass, place);
  if (isAtEnd(dataset, pass, position)) return;
  // It continues behind the rows that the model has.
  await setCursor(datasets, dataset, {
    ...{ ...place, position },
    seed: pass.config.seed,
    content_hash: pass.content_hash,
    cache: pass.cache,
    excluded_rows: pass.excluded_rows,
    row_order: pass.row_order,
  });
}

/** The ledger counts the rows of the pass that wrote it; later ones may exclude more. */
async function positionOf(
  datasets: DatasetsRoom,
  dataset: PassDataset,
  { excluded_rows }: PassFile,
  {
    step,
    position,
    epoch,
  }: { readonly step: number; readonly position: number; readonly epoch: number },
): Promise<number> {
  if (excluded_rows.length === 0) return position;
  const most = epoch === 0 ? position : Infinity;
  const rows = await datasets.epochRows(dataset.id, { upTo: step, most });
  const kept = [...rows].filter((row) => !excluded_rows.includes(row)).length;
  return epoch * ((dataset.validated?.trained_rows ?? 0) - excluded_rows.length) + kept;
}

function isAtEnd({ validated }: PassDataset, pass: PassFile, position: number): boolean {
  const rows = (validated?.trained_rows ?? 0) - pass.excluded_rows.length;
  return position >= rows * pass.config.epochs;
}
