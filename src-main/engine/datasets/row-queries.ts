/** The accounts of the datasets that somebody looks at, and their rows. Ledgers stay open and are read on, not again. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import {
  type DatasetReport,
  datasetReport,
  type AncestrySegment,
  Refusal,
  type RowAccount,
  type RowDetails,
} from '../../contract/index.ts';
import { readJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import {
  accountOf,
  eachLine,
  Ledger,
  physicalRows,
  readRowSets,
  stateOfRow,
  type RowSets,
} from './row-account.ts';
import { readOriginal } from './originals.ts';
import { filtered, type RowsAsked } from './row-list.ts';
import type { DatasetRecord } from './dataset-store.ts';
import { lowerBound, TokenCache } from './token-cache.ts';

const datasetsKept = 8;
const listsKept = 4;
/** What one row may show: longer ones are cut, and say so. */
const mostCharacters = 64 * 1024;
const mostTokens = 8192;
const mostExamples = 64;

/** null: there is none, or one of another shape. */
export async function readReport(folder: string): Promise<DatasetReport | null> {
  const parsed = datasetReport.safeParse(
    await readJson(path.join(folder, 'report.json')).catch(() => null),
  );
  return parsed.success ? parsed.data : null;
}

/** What is remembered of a dataset between two questions. */
interface Known {
  readonly ledger: Ledger;
  /** Of the report that the sets were read by. */
  stamp: string;
  sets: RowSets | null;
  report: DatasetReport | null;
  cacheFolder: string | null;
  /** Opened when a row is looked at: it reads the row of every example. */
  cache: TokenCache | null;
  rows: Uint32Array | null;
  readonly lists: Map<string, Uint32Array>;
}

export interface RowsInput extends RowsAsked {
  readonly from: number;
  readonly limit: number;
  readonly at?: number | undefined;
}

export class Accounts {
  private readonly paths: WorkspacePaths;
  private readonly ancestry: () => readonly AncestrySegment[];
  private readonly known = new Map<string, Known>();
  /** One reader at a time: two that read on from the same place would count twice. */
  private turn: Promise<unknown> = Promise.resolve();
  /** `line`: what led to the head; rows that were trained elsewhere are not trained in this model. */
  constructor(paths: WorkspacePaths, ancestry: () => readonly AncestrySegment[]) {
    this.paths = paths;
    this.ancestry = ancestry;
  }

  /** null while it is not validated. */
  async account(item: DatasetRecord): Promise<RowAccount | null> {
    return (await this.alone(() => this.read(item)))?.account ?? null;
  }

  /** Refusal NOT_READY. */
  rows(item: DatasetRecord, input: RowsInput) {
    return this.alone(async () => {
      const read = await this.validated(item);
      const list = await this.list(item, read, input);
      return {
        account: read.account,
        total: list.length,
        at: input.at === undefined ? null : lowerBound(list, input.at),
        rows: Array.from(list.subarray(input.from, input.from + input.limit), (row) => ({
          ...stateOfRow(row, read.sets, read.timesOf(row), read.isSkipped),
          reason: read.sets.rejected.get(row) ?? null,
        })),
      };
    });
  }

  /** Refusals NOT_READY, NOT_FOUND (no such physical row). */
  row(item: DatasetRecord, row: number): Promise<RowDetails> {
    return this.alone(async () => {
      const read = await this.validated(item);
      const all = await this.list(item, read, { filter: 'all' });
      if (all[lowerBound(all, row)] !== row)
        throw new Refusal('NOT_FOUND', `${item.meta.name} has no row ${row}.`, {
          subject: item.meta.id,
          next: 'A row is named by the line where it begins; blank lines are no rows.',
        });
      const folder = this.paths.dataset(item.meta.id);
      const reason = read.sets.rejected.get(row) ?? null;
      const original = await readOriginal(folder, row, mostCharacters);
      const rejection = reason === null ? null : await rejectionOf(folder, read.known.report, row);
      const examples = await this.examples(read.known, row);
      return {
        ...stateOfRow(row, read.sets, read.timesOf(row), read.isSkipped),
        truncated: read.sets.cut.has(row),
        reason,
        message: rejection?.message ?? null,
        raw:
          original ??
          (rejection === null
            ? null
            : { text: rejection.text, bytes: Buffer.byteLength(rejection.text), cut: true }),
        examples: examples.map((example) => ({ ...example, spans: [...example.spans] })),
      };
    });
  }

  private async examples(known: Known, row: number) {
    try {
      const cache = await this.cacheOf(known);
      return (await cache?.examples(row, mostExamples, mostTokens)) ?? [];
    } catch {
      // A cache that was written before its vocabulary was kept beside it, or one that is being replaced.
      return [];
    }
  }

  private async cacheOf(known: Known): Promise<TokenCache | null> {
    if (known.cacheFolder !== null) known.cache ??= await TokenCache.open(known.cacheFolder);
    return known.cache;
  }

  private async list(item: DatasetRecord, read: Read, asked: RowsAsked): Promise<Uint32Array> {
    const { known } = read;
    known.rows ??= await physicalRows(
      this.paths.dataset(item.meta.id),
      async () => (await this.cacheOf(known))?.exampleRows() ?? null,
      read.sets,
    );
    if (asked.filter === 'all') return known.rows;
    const ancestry = this.ancestry();
    const key = JSON.stringify([
      asked,
      ancestry,
      known.ledger.stepsIn(ancestry),
      item.meta.quarantined.length,
      read.isSkipped,
    ]);
    const list = known.lists.get(key) ?? (await filtered(known.rows, asked, read));
    known.lists.delete(key);
    known.lists.set(key, list);
    const oldest = known.lists.keys().next().value;
    if (known.lists.size > listsKept && oldest !== undefined) known.lists.delete(oldest);
    return list;
  }

  private alone<T>(act: () => Promise<T>): Promise<T> {
    const next = this.turn.then(act, act);
    this.turn = next.catch(() => undefined);
    return next;
  }

  private async validated(item: DatasetRecord): Promise<Read> {
    const read = await this.read(item);
    if (read !== null) return read;
    throw new Refusal('NOT_READY', `${item.meta.name} is not validated yet.`, {
      subject: item.meta.id,
    });
  }

  private async read(item: DatasetRecord): Promise<Read | null> {
    const known = await this.refreshed(item);
    if (known.sets === null) return null;
    const { ledger } = known;
    const sets = {
      ...known.sets,
      quarantined: new Set([...item.meta.quarantined, ...ledger.refusedRows()]),
    };
    const isSkipped = item.place === 'skipped';
    return {
      known,
      sets,
      isSkipped,
      timesOf: (row) => ledger.timesOf(row),
      account: accountOf(sets, ledger.trained(), isSkipped),
    };
  }

  /** Read again when the report was written again: a new verdict is about other rows. */
  private async refreshed(item: DatasetRecord): Promise<Known> {
    const { id } = item.meta;
    const folder = this.paths.dataset(id);
    const facts = await stat(path.join(folder, 'report.json')).catch(() => null);
    const stamp = `${facts?.mtimeMs ?? 0} ${facts?.size ?? 0} ${item.meta.validated?.cache ?? ''}`;
    const known = this.known.get(id) ?? {
      ledger: new Ledger(path.join(folder, 'ledger.jsonl')),
      stamp: '',
      sets: null,
      report: null,
      cacheFolder: null,
      cache: null,
      rows: null,
      lists: new Map<string, Uint32Array>(),
    };
    this.known.delete(id);
    this.known.set(id, known);
    const oldest = this.known.keys().next().value;
    if (this.known.size > datasetsKept && oldest !== undefined) this.known.delete(oldest);
    if (known.stamp !== stamp) {
      const cache = item.meta.validated?.cache ?? null;
      known.report = await readReport(folder);
      known.sets = await readRowSets(folder, known.report, []);
      known.cacheFolder = cache === null ? null : path.join(folder, 'cache', cache);
      known.cache = null;
      known.rows = null;
      known.lists.clear();
      known.stamp = stamp;
    }
    await known.ledger.refresh(this.ancestry());
    return known;
  }
}

interface Read {
  readonly known: Known;
  readonly sets: RowSets;
  readonly isSkipped: boolean;
  readonly timesOf: (row: number) => number;
  readonly account: RowAccount;
}

/** From the report's first thousand, else from the list of all. */
async function rejectionOf(
  folder: string,
  report: DatasetReport | null,
  row: number,
): Promise<{ readonly message: string; readonly text: string } | null> {
  const listed = report?.rejected.first.find((entry) => entry.row === row);
  if (listed !== undefined) return listed;
  let found: { message: string; text: string } | null = null;
  await eachLine(path.join(folder, 'rejected.jsonl'), 0, (line) => {
    if (found !== null || !line.includes(String(row))) return;
    try {
      const entry = JSON.parse(line) as { row?: unknown; message?: unknown; text?: unknown };
      if (entry.row === row) found = { message: String(entry.message), text: String(entry.text) };
    } catch {
      // A cut last line.
    }
  });
  return found;
}
