/** Minimum, maximum and sum of every 64 values of a column, so that large buckets are summed from blocks. */

const BLOCK_SIZE = 64;

export class Blocks {
  private min = new Float64Array(64);
  private max = new Float64Array(64);
  private sum = new Float64Array(64);

  /** The value at `index` of the column. Values are added in order. */
  add(index: number, value: number): void {
    const block = Math.floor(index / BLOCK_SIZE);
    if (block === this.min.length) this.grow();
    if (index % BLOCK_SIZE === 0) {
      this.min[block] = value;
      this.max[block] = value;
      this.sum[block] = value;
      return;
    }
    if (value < (this.min[block] ?? Infinity)) this.min[block] = value;
    if (value > (this.max[block] ?? -Infinity)) this.max[block] = value;
    this.sum[block] = (this.sum[block] ?? 0) + value;
  }

  /** Removes the values from `length` on, recounting the rest of their block. */
  cut(column: Float32Array, length: number): void {
    for (let index = length - (length % BLOCK_SIZE); index < length; index += 1)
      this.add(index, column[index] ?? 0);
  }

  /** Over the values [from, to) of the column. */
  range(
    column: Float32Array,
    from: number,
    to: number,
  ): { readonly min: number; readonly max: number; readonly sum: number } {
    let min = Infinity;
    let max = -Infinity;
    let sum = 0;
    let index = from;
    while (index < to) {
      const isWhole = index % BLOCK_SIZE === 0 && index + BLOCK_SIZE <= to;
      const block = index / BLOCK_SIZE;
      const low = (isWhole ? this.min[block] : column[index]) ?? 0;
      const high = (isWhole ? this.max[block] : column[index]) ?? 0;
      if (low < min) min = low;
      if (high > max) max = high;
      sum += (isWhole ? this.sum[block] : column[index]) ?? 0;
      index += isWhole ? BLOCK_SIZE : 1;
    }
    return { min, max, sum };
  }

  private grow(): void {
    for (const name of ['min', 'max', 'sum'] as const) {
      const larger = new Float64Array(this[name].length * 2);
      larger.set(this[name]);
      this[name] = larger;
    }
  }
}
