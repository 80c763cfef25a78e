/** Stored estimates (`estimate.json` of a dataset) and their accuracy. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { EstimateRecord, KeptEstimate } from '../../contract/index.ts';
import { bytes, count, duration, plural } from '../../contract/format.ts';
import { estimateFile, readOrNull, writeFormat } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

/** How many of the last estimates the accuracy is computed from. */
const ESTIMATES_COUNTED = 5;

/** Passes with equal values have the same pace. */
export type PaceKey = Pick<KeptEstimate, 'base' | 'device' | 'precision'>;

export const isSamePace = (a: PaceKey, b: PaceKey): boolean =>
  a.base === b.base && a.device === b.device && a.precision === b.precision;

const fileOf = (paths: WorkspacePaths, dataset: string): string =>
  path.join(paths.dataset(dataset), 'estimate.json');

export const readKept = (paths: WorkspacePaths, dataset: string): Promise<KeptEstimate | null> =>
  readOrNull(fileOf(paths, dataset), estimateFile);

export const writeKept = (
  paths: WorkspacePaths,
  dataset: string,
  kept: KeptEstimate,
): Promise<void> => writeFormat(fileOf(paths, dataset), estimateFile, kept);

/** The estimates of finished passes, newest last. */
export async function readCompared(paths: WorkspacePaths): Promise<readonly KeptEstimate[]> {
  const found: KeptEstimate[] = [];
  for (const dataset of await readdir(paths.datasets).catch(unlessTemporary([]))) {
    const kept = await readKept(paths, dataset);
    if (kept?.actual != null) found.push(kept);
  }
  return found.sort((a, b) => a.t - b.t);
}

const span = (values: readonly number[]): { least: number; most: number } | null =>
  values.length === 0 ? null : { least: Math.min(...values), most: Math.max(...values) };

/** Range of the relative errors of the last few estimates. Pure. */
export function decideRecord(compared: readonly KeptEstimate[]): EstimateRecord {
  const last = compared.slice(-ESTIMATES_COUNTED);
  const errors = (pick: (estimate: KeptEstimate) => readonly [number, number]) =>
    span(
      last.flatMap((estimate) => {
        const [predicted, actual] = pick(estimate);
        return predicted > 0 && actual > 0 ? [actual / predicted - 1] : [];
      }),
    );
  return {
    count: last.length,
    time: errors((estimate) => [estimate.predicted.seconds, estimate.actual?.seconds ?? 0]),
    memory: errors((estimate) => [estimate.predicted.memory, estimate.actual?.memory ?? 0]),
  };
}

/** How much slower than the reference this machine is: its steps, and everything beside them. */
export interface Pace {
  readonly pace: number | null;
  readonly overheadPace: number | null;
}

const median = (values: readonly number[]): number | null =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;

/** The medians of passes with the same key. Pure. */
export function decidePace(compared: readonly KeptEstimate[], key: PaceKey): Pace {
  const measured = compared
    .filter((estimate) => isSamePace(estimate, key))
    .slice(-ESTIMATES_COUNTED)
    .flatMap(({ predicted, actual }) => (actual === null ? [] : [{ predicted, actual }]));
  return {
    pace: median(
      measured.map(
        ({ predicted, actual }) => actual.seconds_per_step / predicted.reference_seconds_per_step,
      ),
    ),
    overheadPace: median(
      measured.flatMap(({ predicted: { reference_overhead_seconds: reference }, actual }) => {
        const trained = actual.steps + actual.repeated_steps;
        const seconds = actual.seconds - trained * actual.seconds_per_step;
        return reference === undefined || reference <= 0 || seconds <= 0
          ? []
          : [seconds / reference];
      }),
    ),
  };
}

/** One sentence for the journal. Pure. */
export function compareText(name: string, { predicted, actual }: KeptEstimate): string {
  if (actual === null) return `${name}: no step was measured, so the estimate can't be compared.`;
  const planned = actual.steps === predicted.steps ? '' : ` (${count(predicted.steps)} planned)`;
  const again =
    actual.repeated_steps === 0
      ? ''
      : `, ${plural(actual.repeated_steps, 'step')} trained again after a crash,`;
  return (
    `${name}: ${count(actual.steps)} steps${planned}${again} took ${duration(actual.seconds)}, ` +
    `estimated ${duration(predicted.seconds)}; peak memory ${bytes(actual.memory)}, ` +
    `estimated ${bytes(predicted.memory)}.`
  );
}
