/** Brings the datasets in processing/ to one open pass at most, after a crash or a restore. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import type { DatasetsRoom, PassDataset } from '../datasets/index.ts';
import { type PassFile, readCursor } from './pass-files.ts';
import type { OpenPass, Passes } from './passes.ts';

/**
 * Closed passes go where they belong, files without a pass wait again, and of several open passes
 * the newest stays open; the others are continued later.
 */
export async function repairPasses(
  datasets: DatasetsRoom,
  passes: Passes,
): Promise<OpenPass | null> {
  const open: OpenPass[] = [];
  for (const dataset of datasets.processing()) {
    const pass = await passes.read(dataset);
    if (pass === null || !(await hasCache(dataset, pass))) {
      await datasets.toQueue(dataset.id, dataset.priority, {
        before: null,
        revalidate: pass !== null,
      });
      passes.record(dataset, `${dataset.name} has no pass that can be continued; requeued.`);
    } else if (pass.state === 'open' && !(await isSkipped(dataset, pass)))
      open.push({ dataset, pass });
    else await finishClosing(datasets, passes, { dataset, pass });
  }
  open.sort((a, b) => b.pass.started - a.pass.started);
  // Closed, so that each continues at its place whatever the newest one saves, or saved, after it.
  for (const older of open.slice(1)) {
    const trained = await passes.trained(older);
    if (trained !== null) await passes.complete(older, trained);
    else
      await passes.again(
        older,
        `Another dataset is being trained; ${older.dataset.name} is requeued.`,
      );
  }
  return open[0] ?? null;
}

/** The crash came between pass.json and the rename of the data file. */
async function finishClosing(
  datasets: DatasetsRoom,
  passes: Passes,
  { dataset, pass }: OpenPass,
): Promise<void> {
  switch (pass.state) {
    case 'left':
      await datasets.toQueue(dataset.id, dataset.priority, {
        before: passes.first(dataset),
        revalidate: false,
      });
      passes.record(dataset, `${dataset.name} was undone by a restore; requeued.`);
      return;
    case 'again':
      await passes.again({ dataset, pass }, pass.reason ?? '');
      return;
    case 'completed':
      await datasets.toCompleted(dataset.id, {
        done_steps: pass.steps_before + pass.planned_steps,
        resumes_at: null,
      });
      return;
    case 'failed':
      await passes.fail({ dataset, pass }, pass.reason ?? 'failed');
      return;
    case 'skipped':
      await datasets.toSkipped(dataset.id, pass.reason ?? 'skipped');
      return;
    case 'open':
      await passes.skip({ dataset, pass });
  }
}

/** The trainer skipped it and ended while no engine was running. */
const isSkipped = async (dataset: PassDataset, pass: PassFile): Promise<boolean> =>
  (await readCursor(dataset.folder))?.pass === pass.pass;

/** An open pass can't be continued without its token cache. */
function hasCache(dataset: PassDataset, pass: PassFile): Promise<boolean> {
  if (pass.state !== 'open') return Promise.resolve(true);
  return access(path.join(dataset.folder, 'cache', pass.cache, 'cache.json')).then(
    () => true,
    () => false,
  );
}
