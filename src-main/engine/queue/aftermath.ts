/**
 * What a restore changes in the queue. Repeatable: a crash in between is finished at the next
 * start.
 */
import type { Aftermath } from '../../formats/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import { removeCursor, requirePass, writeCursor, writePass } from './pass-files.ts';
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
    if (dataset !== null) await writeCursor(dataset.folder, after.cursor.at);
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
  return queued;
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
  { id, steps, missing }: Aftermath['accounts'][number],
): Promise<void> {
  const dataset = datasets.forPass(id);
  if (dataset === null) return;
  await datasets.note(id, {
    done_steps: steps,
    ...(dataset.place === 'completed' ? { reason: missing } : {}),
    ...(missing === null ? {} : { validation_after: null, validation_after_step: null }),
  });
  // The rows before its cursor were trained by steps that the model no longer has.
  if (missing !== null) await removeCursor(dataset.folder);
}
