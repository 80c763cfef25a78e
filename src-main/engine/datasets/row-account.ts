/**
 * The account of a dataset's rows, from the files alone: report, rejected.jsonl, split.json, the cache's examples and ledger.jsonl.
 * Read in spans: a ledger of 100,000 steps must not hold up the engine.
 */
import { open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { z } from 'zod';
import {
  type DatasetReport,
  isInAncestry,
  type AncestrySegment,
  type Point,
  type RowAccount,
} from '../../contract/index.ts';
import { readJson } from '../../kit/files.ts';

const pieceBytes = 512 * 1024;

/** Whole lines from `offset` on, in spans; answers the offset after the last whole line. */
export async function eachLine(
  file: string,
  offset: number,
  take: (line: string) => void,
): Promise<number> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return offset;
  try {
    let at = offset;
    let rest = Buffer.alloc(0);
    const piece = Buffer.alloc(pieceBytes);
    for (;;) {
      const { bytesRead } = await handle.read(piece, 0, pieceBytes, at + rest.length);
      if (bytesRead === 0) return at;
      const bytes = Buffer.concat([rest, piece.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf(10) + 1;
      for (const line of bytes.subarray(0, end).toString('utf8').split('\n'))
        if (line !== '') take(line);
      at += end;
      rest = Buffer.from(bytes.subarray(end));
      await breathe();
    }
  } finally {
    await handle.close();
  }
}

interface LedgerLine {
  readonly branch: string;
  readonly step: number;
  readonly rows: readonly number[];
  readonly refused?: string;
}
interface LostLine {
  readonly branch: string;
  readonly lost_after: number;
}

interface LedgerStep {
  readonly step: number;
  readonly rows: Uint32Array;
  readonly isRefused: boolean;
}

/**
 * The ledger so far: how often each row was trained in the line that leads to the head; lost lines are taken out, those of a branch
 * that was left do not count. Append-only reading.
 */
export class Ledger {
  private readonly file: string;
  private offset = 0;
  private ancestry: readonly AncestrySegment[] = [];
  private lineText = '';
  private readonly steps = new Map<string, LedgerStep[]>();
  private readonly times = new Map<number, number>();
  /** Rows of steps whose loss or gradient was not a number: fed, and not trained. */
  private readonly refused = new Map<number, number>();

  constructor(file: string) {
    this.file = file;
  }

  /** Reads what was appended since; a file that became shorter is read again from its beginning. */
  async refresh(ancestry: readonly AncestrySegment[]): Promise<void> {
    this.follow(ancestry);
    const size = (await stat(this.file).catch(() => null))?.size ?? 0;
    if (size < this.offset) {
      this.offset = 0;
      this.steps.clear();
      this.times.clear();
      this.refused.clear();
    }
    if (size > this.offset)
      this.offset = await eachLine(this.file, this.offset, (text) => this.take(text));
  }

  private follow(ancestry: readonly AncestrySegment[]): void {
    const text = JSON.stringify(ancestry);
    if (text === this.lineText) return;
    this.ancestry = ancestry;
    this.lineText = text;
    this.times.clear();
    this.refused.clear();
    for (const [branch, known] of this.steps)
      for (const ledgerStep of known) this.count(branch, ledgerStep, 1);
  }

  private take(text: string): void {
    let entry: Partial<LedgerLine & LostLine>;
    try {
      entry = JSON.parse(text) as Partial<LedgerLine & LostLine>;
    } catch {
      return;
    }
    const branch = entry.branch ?? 'main';
    const known = this.steps.get(branch) ?? [];
    this.steps.set(branch, known);
    if (typeof entry.lost_after === 'number') {
      for (let last = known.at(-1); last !== undefined; last = known.at(-1)) {
        if (last.step <= entry.lost_after) break;
        this.count(branch, last, -1);
        known.pop();
      }
      return;
    }
    if (typeof entry.step !== 'number' || !Array.isArray(entry.rows)) return;
    // A row that makes several examples is named once for each; it was trained once in this step.
    const item = {
      step: entry.step,
      rows: Uint32Array.from(new Set(entry.rows)),
      isRefused: typeof entry.refused === 'string',
    };
    known.push(item);
    this.count(branch, item, 1);
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

  /** Their state is quarantined, unless another step trained them. */
  refusedRows(): readonly number[] {
    return [...this.refused.keys()];
  }

  timesOf(row: number): number {
    return this.times.get(row) ?? 0;
  }
  trained(): ReadonlyMap<number, number> {
    return this.times;
  }
  /** Steps of this dataset that a line holds. */
  stepsIn(ancestry: readonly AncestrySegment[]): number {
    let sum = 0;
    for (const [branch, known] of this.steps)
      for (const { step } of known) if (isInAncestry(ancestry, { branch, step })) sum += 1;
    return sum;
  }
  /** Its first step in a line; null: it was not trained there. */
  firstIn(ancestry: readonly AncestrySegment[]): Point | null {
    let first: Point | null = null;
    for (const [branch, known] of this.steps)
      for (const { step } of known)
        if ((first === null || step < first.step) && isInAncestry(ancestry, { branch, step }))
          first = { branch, step };
    return first;
  }
}

/** The physical rows of a dataset by what intake decided, and the rows that the trainer quarantined. */
export interface RowSets {
  readonly rows: number;
  readonly held: ReadonlySet<number>;
  /** Row to reason. */
  readonly rejected: ReadonlyMap<number, string>;
  readonly quarantined: ReadonlySet<number>;
  /** Rows that were cut at max_length. */
  readonly cut: ReadonlySet<number>;
  readonly truncated: number;
}

const splitFile = z.object({
  core: z.array(z.number()).default([]),
  slice: z.array(z.number()).default([]),
  held_out_duplicates: z.array(z.number()).default([]),
  truncated: z.array(z.number()).default([]),
});

/** null while there is no report. */
export async function readRowSets(
  folder: string,
  report: DatasetReport | null,
  quarantined: readonly number[],
): Promise<RowSets | null> {
  if (report === null) return null;
  const split = splitFile.safeParse(
    await readJson(path.join(folder, 'split.json')).catch(() => null),
  );
  const held = new Set<number>(
    split.success
      ? [...split.data.core, ...split.data.slice, ...split.data.held_out_duplicates]
      : [],
  );
  const rejected = new Map<number, string>();
  await eachLine(path.join(folder, 'rejected.jsonl'), 0, (line) => {
    try {
      const { row, reason } = JSON.parse(line) as { row?: unknown; reason?: unknown };
      // Rows that wait for the roles of their columns are not rejected.
      if (report.decision === 'map_columns' && reason === 'unknown_columns') return;
      if (typeof row === 'number') rejected.set(row, String(reason));
    } catch {
      // A cut last line: the worker is still writing, or was killed and will run again.
    }
  });
  return {
    rows: report.rows,
    held,
    rejected,
    quarantined: new Set(quarantined),
    cut: new Set(split.success ? split.data.truncated : []),
    truncated: report.truncated,
  };
}

/**
 * Every physical row in exactly one state: trained n, held out, rejected, quarantined, then skipped or remaining. `truncated`
 * counts rows among the trained and remaining ones that were cut, so it is no summand.
 */
export function accountOf(
  sets: RowSets,
  trained: ReadonlyMap<number, number>,
  isSkipped: boolean,
): RowAccount {
  const byTimes: Record<string, number> = {};
  let trainedRows = 0;
  for (const times of trained.values()) {
    byTimes[String(times)] = (byTimes[String(times)] ?? 0) + 1;
    trainedRows += 1;
  }
  let quarantined = 0;
  for (const row of sets.quarantined) if (!trained.has(row)) quarantined += 1;
  const rest = sets.rows - trainedRows - sets.held.size - sets.rejected.size - quarantined;
  return {
    rows: sets.rows,
    trained: byTimes,
    held_out: sets.held.size,
    rejected: sets.rejected.size,
    quarantined,
    truncated: sets.truncated,
    skipped: isSkipped ? rest : 0,
    remaining: isSkipped ? 0 : rest,
  };
}

export function stateOfRow(
  row: number,
  sets: RowSets,
  times: number,
  isSkipped: boolean,
): { readonly row: number; readonly state: string; readonly times: number } {
  const state =
    times > 0
      ? 'trained'
      : sets.held.has(row)
        ? 'held_out'
        : sets.rejected.has(row)
          ? 'rejected'
          : sets.quarantined.has(row)
            ? 'quarantined'
            : isSkipped
              ? 'skipped'
              : 'remaining';
  return { row, state, times };
}

/**
 * The physical row numbers, ascending. They are not 1..n: blank lines are no rows and a CSV record is named by the line where it
 * begins. Intake lists them; without its list the token cache knows the accepted ones and the sets the others; without a cache
 * 1..n is all that is known.
 */
export async function physicalRows(
  folder: string,
  cached: () => Promise<Uint32Array | null>,
  sets: RowSets,
): Promise<Uint32Array> {
  const listed = await readFile(path.join(folder, 'rows.i32')).catch(() => null);
  if (listed !== null && listed.length === sets.rows * 4)
    return Uint32Array.from({ length: sets.rows }, (_, index) =>
      listed.readUInt32LE(index * 4),
    ).sort();
  const rows = new Set<number>([...sets.held, ...sets.rejected.keys()]);
  const accepted = await cached();
  if (accepted === null) for (let row = 1; row <= sets.rows; row += 1) rows.add(row);
  else for (const row of accepted) rows.add(row);
  return Uint32Array.from(rows).sort();
}
