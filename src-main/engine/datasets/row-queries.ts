/** Row accounts and rows of the datasets that clients look at. Ledgers stay open, so only new lines are read. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import {
  type DatasetReport,
  type AncestrySegment,
  Refusal,
  type RowAccount,
  type RowDetails,
} from '../../contract/index.ts';
import { createSerializer } from '../../kit/serializer.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { accountOf, physicalRows, readRowSets, type RowSets, stateOfRow } from './row-account.ts';
import { RowLedger } from './row-ledger.ts';
import { readOriginal } from './originals.ts';
import { readRejected, readReport } from './report-files.ts';
import { filterRows, type RowQuery } from './row-list.ts';
import type { DatasetRecord } from './dataset-store.ts';
import { lowerBound, TokenCache } from './token-cache.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

const DATASETS_KEPT = 8;
const LISTS_KEPT = 4;
/** Limits of what is sent of one row; longer rows are cut and marked as such. */
const MAX_CHARACTERS = 64 * 1024;
const MAX_TOKENS = 8192;
const MAX_EXAMPLES = 64;

/** What is kept of a dataset between two queries. */
interface Entry {
  readonly ledger: RowLedger;
  /** Identifies the report that the fields below were read from. */
  stamp: string;
  sets: RowSets | null;
  report: DatasetReport | null;
  cacheFolder: string | null;
  /** Opened by the first query for a row: opening reads the row number of every example. */
  cache: TokenCache | null;
  rows: Uint32Array | null;
  readonly lists: Map<string, Uint32Array>;
}

interface Reading {
  readonly entry: Entry;
  readonly sets: RowSets;
  readonly isSkipped: boolean;
  readonly timesOf: (row: number) => number;
  readonly account: RowAccount;
}

export interface RowsInput extends RowQuery {
  /** Place in the list, from 1. */
  readonly from: number;
  readonly limit: number;
  readonly at?: number | undefined;
}

export class RowQueries {
  private readonly paths: WorkspacePaths;
  /** Rows that were trained on an abandoned branch aren't trained in this model. */
  private readonly ancestry: () => readonly AncestrySegment[];
  private readonly entries = new Map<string, Entry>();
  /** Two readers that continue a ledger from the same offset would count its lines twice. */
  private readonly serializer = createSerializer();

  constructor(paths: WorkspacePaths, ancestry: () => readonly AncestrySegment[]) {
    this.paths = paths;
    this.ancestry = ancestry;
  }

  /** null while it isn't validated. */
  account(record: DatasetRecord): Promise<RowAccount | null> {
    return this.serializer.run(async () => (await this.read(record))?.account ?? null);
  }

  /** Refusal NOT_READY. */
  rows(record: DatasetRecord, input: RowsInput) {
    return this.serializer.run(async () => {
      const reading = await this.requireReading(record);
      const list = await this.list(record, reading, input);
      const first = Math.max(0, input.from - 1);
      return {
        account: reading.account,
        total: list.length,
        at: input.at === undefined ? null : lowerBound(list, input.at),
        rows: Array.from(list.subarray(first, first + input.limit), (row) => ({
          ...stateOfRow(row, reading.sets, reading.timesOf(row), reading.isSkipped),
          reason: reading.sets.rejected.get(row) ?? null,
        })),
      };
    });
  }

  /** Refusals NOT_READY, NOT_FOUND (no such row). */
  row(record: DatasetRecord, row: number): Promise<RowDetails> {
    return this.serializer.run(async () => {
      const reading = await this.requireReading(record);
      const rows = await this.list(record, reading, { filter: 'all' });
      if (rows[lowerBound(rows, row)] !== row)
        throw new Refusal('NOT_FOUND', `${record.meta.name} has no row ${row}.`, {
          subject: record.meta.id,
          next: 'Rows are numbered by the line they start on; blank lines are not rows.',
        });
      const folder = this.paths.dataset(record.meta.id);
      const reason = reading.sets.rejected.get(row) ?? null;
      const original = await readOriginal(folder, row, MAX_CHARACTERS);
      const rejection =
        reason === null ? null : await rejectionOf(folder, reading.entry.report, row);
      const examples = await this.examples(reading.entry, row);
      return {
        ...stateOfRow(row, reading.sets, reading.timesOf(row), reading.isSkipped),
        truncated: reading.sets.truncated.has(row),
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

  private async examples(entry: Entry, row: number) {
    try {
      const cache = await this.cacheOf(entry);
      return (await cache?.examples(row, MAX_EXAMPLES, MAX_TOKENS)) ?? [];
    } catch {
      // A cache older than token_bytes.*, or one that is being replaced.
      return [];
    }
  }

  private async cacheOf(entry: Entry): Promise<TokenCache | null> {
    if (entry.cacheFolder !== null) entry.cache ??= await TokenCache.open(entry.cacheFolder);
    return entry.cache;
  }

  private async list(
    record: DatasetRecord,
    reading: Reading,
    query: RowQuery,
  ): Promise<Uint32Array> {
    const { entry } = reading;
    entry.rows ??= await physicalRows(
      this.paths.dataset(record.meta.id),
      async () => (await this.cacheOf(entry))?.exampleRows() ?? null,
      reading.sets,
    );
    if (query.filter === 'all') return entry.rows;
    const ancestry = this.ancestry();
    const key = JSON.stringify([
      query,
      ancestry,
      entry.ledger.stepsIn(ancestry),
      record.meta.quarantined.length,
      reading.isSkipped,
    ]);
    const list = entry.lists.get(key) ?? (await filterRows(entry.rows, query, reading));
    keepNewest(entry.lists, key, list, LISTS_KEPT);
    return list;
  }

  private async requireReading(record: DatasetRecord): Promise<Reading> {
    const reading = await this.read(record);
    if (reading !== null) return reading;
    throw new Refusal('NOT_READY', `${record.meta.name} is not validated yet.`, {
      subject: record.meta.id,
    });
  }

  private async read(record: DatasetRecord): Promise<Reading | null> {
    const entry = await this.refreshedEntry(record);
    if (entry.sets === null) return null;
    const { ledger } = entry;
    const sets = {
      ...entry.sets,
      quarantined: new Set([...record.meta.quarantined, ...ledger.refusedRows()]),
    };
    const isSkipped = record.place === 'skipped';
    return {
      entry,
      sets,
      isSkipped,
      timesOf: (row) => ledger.timesOf(row),
      account: accountOf(sets, ledger.trained(), isSkipped),
    };
  }

  /** Everything but the ledger is read again when the report changed: the verdict may be about other rows. */
  private async refreshedEntry(record: DatasetRecord): Promise<Entry> {
    const { id } = record.meta;
    const folder = this.paths.dataset(id);
    const facts = await stat(path.join(folder, 'report.json')).catch(unlessTemporary(null));
    const cache = record.meta.validated?.cache ?? null;
    const stamp = `${facts?.mtimeMs ?? 0} ${facts?.size ?? 0} ${cache ?? ''}`;
    const entry = this.entries.get(id) ?? newEntry(folder);
    keepNewest(this.entries, id, entry, DATASETS_KEPT);
    if (entry.stamp !== stamp) {
      entry.report = await readReport(folder);
      entry.sets = await readRowSets(folder, entry.report, []);
      entry.cacheFolder = cache === null ? null : path.join(folder, 'cache', cache);
      entry.cache = null;
      entry.rows = null;
      entry.lists.clear();
      entry.stamp = stamp;
    }
    await entry.ledger.refresh(this.ancestry());
    return entry;
  }
}

function newEntry(folder: string): Entry {
  return {
    ledger: new RowLedger(path.join(folder, 'ledger.jsonl')),
    stamp: '',
    sets: null,
    report: null,
    cacheFolder: null,
    cache: null,
    rows: null,
    lists: new Map(),
  };
}

/** Puts the entry last and drops the one that was used longest ago. */
function keepNewest<T>(map: Map<string, T>, key: string, value: T, limit: number): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next().value;
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}

/** The report lists the first thousand rejected rows; rejected.jsonl has all. */
async function rejectionOf(
  folder: string,
  report: DatasetReport | null,
  row: number,
): Promise<{ readonly message: string; readonly text: string } | null> {
  const listed = report?.rejected.first.find((rejected) => rejected.row === row);
  if (listed !== undefined) return listed;
  for await (const rejected of readRejected(folder)) if (rejected.row === row) return rejected;
  return null;
}
