/** What a restore leaves behind in the queue. Every act may be repeated: a crash in between is finished at the next start. */
import type { DatasetsRoom } from '../datasets/index.ts';
import { type Cursor, requirePass, removeCursor, writeCursor, writePass } from './pass.ts';
import type { Passes } from './passes.ts';

/** Decided before the switch and kept with the intent, so that it can be carried out by another process. */
export interface Aftermath {
  /** The open pass that goes on, because the restored point lies inside it; null: none. */
  readonly goesOn: string | null;
  /** Datasets whose part in the model changed: the steps that it holds now, and a sentence when some are missing. */
  readonly accounts: readonly {
    readonly id: string;
    readonly steps: number;
    readonly missing: string | null;
  }[];
  /** A closed pass that the restored point lies inside of: queued again, its dataset goes on from there. */
  readonly cursor: { readonly dataset: string; readonly at: Cursor } | null;
  /** To the front of their priority, in this order. */
  readonly queueAgain: readonly string[];
}

export async function applyAftermath(
  options: { readonly datasets: DatasetsRoom },
  passes: Passes,
  after: Aftermath,
): Promise<readonly string[]> {
  // Any interrupted pass but the one that goes on would continue from weights that are not there.
  for (const dataset of [...options.datasets.processing(), ...options.datasets.queued()]) {
    const pass = await requirePass(dataset.folder);
    if (pass?.state !== 'open' || pass.pass === after.goesOn) continue;
    await writePass(dataset.folder, { ...pass, state: 'left', reason: 'a restore went back' });
  }
  for (const { id, steps, missing } of after.accounts) {
    const dataset = options.datasets.forPass(id);
    if (dataset === null) continue;
    const isWhole = missing === null;
    await options.datasets.note(id, {
      done_steps: steps,
      ...(dataset.place === 'completed' ? { reason: missing } : {}),
      ...(isWhole ? {} : { validation_after: null }),
    });
    // Rows before its cursor were trained by steps that are not in the model any more.
    if (!isWhole) await removeCursor(dataset.folder);
  }
  const at = after.cursor === null ? null : options.datasets.forPass(after.cursor.dataset);
  if (at !== null && after.cursor !== null) await writeCursor(at.folder, after.cursor.at);
  for (const dataset of options.datasets.processing()) {
    const pass = await requirePass(dataset.folder);
    if (pass?.state !== 'left') continue;
    await options.datasets.toQueue(dataset.id, dataset.priority, {
      before: passes.first(dataset),
      judgeAgain: false,
    });
  }
  const queued: string[] = [];
  // From the last to the first: each goes in front of what was put there before it.
  for (const id of [...after.queueAgain].reverse()) {
    const dataset = options.datasets.forPass(id);
    if (dataset === null || dataset.place === 'processing') continue;
    await options.datasets.toQueue(id, dataset.priority, {
      before: passes.first(dataset),
      judgeAgain: dataset.validated?.verdict !== 'ready',
    });
    queued.unshift(id);
  }
  return queued;
}
