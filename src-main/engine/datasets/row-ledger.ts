/** `ledger.jsonl` of a dataset: which rows each training step used. Written by the trainer, append-only. */
import { stat } from 'node:fs/promises';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { type AncestrySegment, isInAncestry, type Point } from '../../contract/index.ts';
import { parseLedgerPlace } from '../../formats/index.ts';
import { Tail } from '../../kit/tail.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

/** Read between two turns of the event loop, so that a ledger of 100,000 steps doesn't block the engine. */
const BYTES_PER_READ = 512 * 1024;

interface LedgerStep {
  readonly step: number;
  readonly rows: Uint32Array;
  readonly position: number;
  readonly epoch: number;
  readonly isRefused: boolean;
}

/** Steps behind `after`, up to and with `upTo`. */
export interface StepRange {
  readonly after?: number;
  readonly upTo?: number;
}

/**
 * How often each row was trained in the ancestry of the model. Lost steps and steps of abandoned
 * branches don't count.
 */
export class RowLedger {
  private readonly file: string;
  private tail: Tail;
  private ancestry: readonly AncestrySegment[] = [];
  private ancestryKey = '';
  private readonly steps = new Map<string, LedgerStep[]>();
  private readonly times = new Map<number, number>();
  /** Rows of steps whose loss or gradient wasn't finite: used in a step but not trained. */
  private readonly refused = new Map<number, number>();

  constructor(file: string) {
    this.file = file;
    this.tail = new Tail(file);
  }

  /** Reads what was appended since the last call; a file that got shorter is read from its beginning. */
  async refresh(ancestry: readonly AncestrySegment[]): Promise<void> {
    this.follow(ancestry);
    const size = (await stat(this.file).catch(unlessTemporary(null)))?.size ?? 0;
    if (size < this.tail.offset) {
      this.tail = new Tail(this.file);
      this.steps.clear();
      this.times.clear();
      this.refused.clear();
    }
    while (size > this.tail.offset) {
      const lines = await this.tail.read(BYTES_PER_READ);
      if (lines.length === 0) return;
      for (const line of lines) this.add(line);
      await yieldToEventLoop();
    }
  }

  private follow(ancestry: readonly AncestrySegment[]): void {
    const key = JSON.stringify(ancestry);
    if (key === this.ancestryKey) return;
    this.ancestry = ancestry;
    this.ancestryKey = key;
    this.times.clear();
    this.refused.clear();
    for (const [branch, steps] of this.steps) for (const step of steps) this.count(branch, step, 1);
  }

  private add(text: string): void {
    const parsed = parseLedgerPlace(text);
    if (parsed === null) return;
    const { entry: line, place } = parsed;
    const steps = this.steps.get(line.branch) ?? [];
    this.steps.set(line.branch, steps);
    if (line.kind === 'step') {
      // A row that makes several examples is listed once per example but trained once per step.
      const step = { ...line, ...place, rows: Uint32Array.from(new Set(line.rows)) };
      steps.push(step);
      this.count(line.branch, step, 1);
      return;
    }
    for (let last = steps.at(-1); last !== undefined; last = steps.at(-1)) {
      if (last.step <= line.after) break;
      this.count(line.branch, last, -1);
      steps.pop();
    }
  }

  private count(branch: string, { step, rows, isRefused }: LedgerStep, change: number): void {
    if (!isInAncestry(this.ancestry, { branch, step })) return;
    const counts = isRefused ? this.refused : this.times;
    for (const row of rows) {
      const times = (counts.get(row) ?? 0) + change;
      if (times === 0) counts.delete(row);
      else counts.set(row, times);
    }
  }

  /** They count as quarantined unless another step trained them. */
  refusedRows(): readonly number[] {
    return [...this.refused.keys()];
  }

  timesOf(row: number): number {
    return this.times.get(row) ?? 0;
  }

  /** How often each row was trained. */
  trained(): ReadonlyMap<number, number> {
    return this.times;
  }

  /** Its steps in an ancestry, in the order of the file. */
  private entriesIn(
    ancestry: readonly AncestrySegment[],
    { after = -Infinity, upTo = Infinity }: StepRange = {},
  ): readonly (LedgerStep & { readonly branch: string })[] {
    return [...this.steps].flatMap(([branch, steps]) =>
      steps
        .filter(({ step }) => step > after && step <= upTo)
        .filter(({ step }) => isInAncestry(ancestry, { branch, step }))
        .map((entry) => ({ ...entry, branch })),
    );
  }

  /** Number of steps of this dataset in an ancestry. */
  stepsIn(ancestry: readonly AncestrySegment[], range?: StepRange): number {
    return this.entriesIn(ancestry, range).length;
  }

  /** Where its last step in an ancestry ended; null when it wasn't trained there. */
  lastIn(
    ancestry: readonly AncestrySegment[],
    range?: StepRange,
  ): { readonly step: number; readonly position: number; readonly epoch: number } | null {
    const entries = this.entriesIn(ancestry, range);
    if (entries.length === 0) return null;
    const { step, position, epoch } = entries.reduce((last, entry) =>
      entry.step > last.step ? entry : last,
    );
    return { step, position, epoch };
  }

  /**
   * The rows of its last epoch in an ancestry, up to a step. `most`: so many are done in the epoch;
   * an earlier training of the whole file, whose epochs have the same numbers, does not count.
   */
  epochRows(
    ancestry: readonly AncestrySegment[],
    { upTo, most }: { readonly upTo: number; readonly most: number },
  ): ReadonlySet<number> {
    const entries = [...this.entriesIn(ancestry, { upTo })].sort((a, b) => b.step - a.step);
    const rows = new Set<number>();
    for (const entry of entries) {
      if (entry.epoch !== entries[0]?.epoch || rows.size >= most) break;
      for (const row of entry.rows) rows.add(row);
    }
    return rows;
  }

  /** First step of this dataset in an ancestry; null when it wasn't trained there. */
  firstIn(ancestry: readonly AncestrySegment[]): Point | null {
    const entries = this.entriesIn(ancestry);
    if (entries.length === 0) return null;
    const { branch, step } = entries.reduce((first, entry) =>
      entry.step < first.step ? entry : first,
    );
    return { branch, step };
  }
}
