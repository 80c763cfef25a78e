/** The points of the ancestry in flat arrays: a million of them are bucketed in milliseconds. */
import { type Bucket, type CurveKey, curveKey, type MetricPoint } from '../../contract/index.ts';
import { Blocks } from './blocks.ts';
import { DebiasedAverage } from './smoothing.ts';

const COLUMNS = ['step', 't', 'loss', 'lr', 'grad_norm', 'tokens_per_second', 'memory_mb'] as const;
type Column = (typeof COLUMNS)[number];
/** Seven digits are more than a chart shows, and take half the memory. */
type Data = Record<'step' | 't', Float64Array> & Record<CurveKey, Float32Array>;
const isExact = (name: Column): name is 'step' | 't' => name === 'step' || name === 't';
const columnsOf = (capacity: number): Data =>
  Object.fromEntries(
    COLUMNS.map((name) => [
      name,
      isExact(name) ? new Float64Array(capacity) : new Float32Array(capacity),
    ]),
  ) as Data;
/** Without the digits that a 32-bit float doesn't have. */
const rounded = (value: number): number => Number(value.toPrecision(7));

export class Points {
  private data: Data;
  private readonly blocks = Object.fromEntries(
    curveKey.options.map((key) => [key, new Blocks()]),
  ) as Record<CurveKey, Blocks>;
  length = 0;

  constructor(capacity = 4096) {
    this.data = columnsOf(capacity);
  }

  /** A later point for an earlier step replaces what followed that step; true when it did. */
  add(point: MetricPoint): boolean {
    let isReplaced = false;
    if (this.length > 0 && point.step <= (this.data.step[this.length - 1] ?? 0)) {
      this.cutTo(this.indexOf(point.step));
      isReplaced = true;
    }
    if (this.length === this.data.step.length) this.grow();
    for (const name of COLUMNS) this.data[name][this.length] = point[name];
    for (const key of curveKey.options) this.blocks[key].add(this.length, point[key]);
    this.length += 1;
    return isReplaced;
  }

  /** Removes the points after `step`; true when there were any. */
  cutAfter(step: number): boolean {
    const before = this.length;
    this.cutTo(this.indexOf(step + 1));
    return this.length < before;
  }

  private cutTo(length: number): void {
    this.length = length;
    for (const key of curveKey.options) this.blocks[key].cut(this.data[key], length);
  }

  private grow(): void {
    const larger = columnsOf(this.data.step.length * 2);
    for (const name of COLUMNS) larger[name].set(this.data[name]);
    this.data = larger;
  }

  /** Index of the first point whose step is at least `step`. */
  indexOf(step: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.data.step[middle] ?? 0) < step) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  at(index: number): MetricPoint | null {
    if (index < 0 || index >= this.length) return null;
    return Object.fromEntries(
      COLUMNS.map((name) => {
        const value = this.data[name][index] ?? 0;
        return [name, isExact(name) ? value : rounded(value)];
      }),
    ) as MetricPoint;
  }

  get last(): MetricPoint | null {
    return this.at(this.length - 1);
  }

  /** At most `count` buckets of the points [from, to): step and time of the last point, min, max and mean of all. */
  buckets(key: CurveKey, from: number, to: number, count: number): Bucket[] {
    const size = Math.max(1, Math.ceil((to - from) / count));
    const out: Bucket[] = [];
    for (let start = from; start < to; start += size) {
      const end = Math.min(to, start + size);
      const { min, max, sum } = this.blocks[key].range(this.data[key], start, end);
      out.push([
        this.data.step[end - 1] ?? 0,
        this.data.t[end - 1] ?? 0,
        rounded(min),
        rounded(max),
        rounded(sum / (end - start)),
      ]);
    }
    return out;
  }

  /**
   * The drawn curve: debiased average of the loss over all earlier points, at the last point of each
   * bucket of [from, to). `smoothing` in [0, 1): the weight of the past. Unlike the training loss that is
   * shown as a number it doesn't restart with each pass.
   */
  smoothed(smoothing: number, from: number, to: number, count: number): [number, number][] {
    const size = Math.max(1, Math.ceil((to - from) / count));
    // Points further back than this weigh less than a millionth.
    const reach = smoothing === 0 ? 0 : Math.ceil(Math.log(1e-6) / Math.log(smoothing));
    let average = new DebiasedAverage(smoothing);
    let index = Math.max(0, from - reach);
    const out: [number, number][] = [];
    for (let start = from; start < to; start += size) {
      const end = Math.min(to, start + size);
      if (end - reach > index + size) {
        average = new DebiasedAverage(smoothing);
        index = Math.max(0, end - 1 - reach);
      }
      for (; index < end; index += 1) average.add(this.data.loss[index] ?? 0);
      out.push([this.data.step[end - 1] ?? 0, rounded(average.value ?? 0)]);
    }
    return out;
  }
}

/** The last entry of each `width` steps from `from` on. `all` is in order of steps. */
export function lastOfEach<T extends { readonly step: number }>(
  all: readonly T[],
  from: number,
  width: number,
): T[] {
  if (width <= 1) return [...all];
  const bucketOf = (entry: T): number => Math.floor((entry.step - from) / width);
  return all.filter((entry, index) => {
    const next = all[index + 1];
    return next === undefined || bucketOf(next) !== bucketOf(entry);
  });
}
