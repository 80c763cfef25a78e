/** The estimate of a pass is kept with its dataset (`estimate.json`) and compared with what happened. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type EstimateRecord, type KeptEstimate, keptEstimate } from '../../contract/index.ts';
import { readJson, writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

/** How many of the last ones are spoken of. */
export const recordsShown = 5;

const fileOf = (paths: WorkspacePaths, dataset: string): string =>
  path.join(paths.dataset(dataset), 'estimate.json');

export async function readKept(
  paths: WorkspacePaths,
  dataset: string,
): Promise<KeptEstimate | null> {
  const parsed = keptEstimate.safeParse(await readJson(fileOf(paths, dataset)).catch(() => null));
  return parsed.success ? parsed.data : null;
}

export const writeKept = (
  paths: WorkspacePaths,
  dataset: string,
  kept: KeptEstimate,
): Promise<void> => writeJson(fileOf(paths, dataset), kept);

/** Those that were compared, newest last. */
export async function readCompared(paths: WorkspacePaths): Promise<readonly KeptEstimate[]> {
  const found: KeptEstimate[] = [];
  for (const dataset of await readdir(paths.datasets).catch(() => [])) {
    const kept = await readKept(paths, dataset);
    if (kept?.actual != null) found.push(kept);
  }
  return found.sort((a, b) => a.t - b.t);
}

const span = (values: readonly number[]): { least: number; most: number } | null =>
  values.length === 0 ? null : { least: Math.min(...values), most: Math.max(...values) };

/** Actual over predicted, minus one, of the last few. Pure. */
export function decideRecord(compared: readonly KeptEstimate[]): EstimateRecord {
  const last = compared.slice(-recordsShown);
  const off = (pick: (estimate: KeptEstimate) => readonly [number, number]) =>
    span(
      last.flatMap((estimate) => {
        const [predicted, actual] = pick(estimate);
        return predicted > 0 && actual > 0 ? [actual / predicted - 1] : [];
      }),
    );
  return {
    count: last.length,
    time: off((estimate) => [estimate.predicted.seconds, estimate.actual?.seconds ?? 0]),
    memory: off((estimate) => [estimate.predicted.memory, estimate.actual?.memory ?? 0]),
  };
}

/** How much slower this machine is than the recorded one, from like passes; null: none was measured. Pure. */
export function decidePace(
  compared: readonly KeptEstimate[],
  like: Pick<KeptEstimate, 'base' | 'device' | 'precision'>,
): number | null {
  const paces = compared
    .filter(
      (estimate) =>
        estimate.base === like.base &&
        estimate.device === like.device &&
        estimate.precision === like.precision,
    )
    .slice(-recordsShown)
    .flatMap((estimate) =>
      estimate.actual === null
        ? []
        : [estimate.actual.seconds_per_step / estimate.predicted.reference_seconds_per_step],
    )
    .sort((a, b) => a - b);
  return paces[Math.floor(paces.length / 2)] ?? null;
}

const percent = (share: number): string => `${Math.abs(Math.round(share * 100))} %`;

/** `took 12 min, about 10 min were estimated`, one sentence for the journal. Pure. */
export function compareText(name: string, kept: KeptEstimate): string {
  const { predicted, actual } = kept;
  if (actual === null)
    return `${name}: nothing was measured that the estimate could be compared with.`;
  const offBy = (was: number, is: number): string =>
    was <= 0 ? 'unknown' : `${percent(is / was - 1)} ${is >= was ? 'more' : 'less'}`;
  return (
    `${name}: ${actual.steps} steps (${predicted.steps} were planned), ` +
    `${Math.round(actual.seconds)} s (${offBy(predicted.seconds, actual.seconds)} than estimated), ` +
    `memory up to ${Math.round(actual.memory / 1024 / 1024)} MiB (${offBy(predicted.memory, actual.memory)} than estimated).`
  );
}
