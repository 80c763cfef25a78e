/** The accounts of the datasets that somebody looks at; their ledgers stay open and are read on, not again. */
import path from 'node:path';
import {
  type DatasetReport,
  datasetReport,
  type LineSegment,
  Refusal,
  type RowAccount,
} from '../../contract/index.ts';
import { readJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import { accountOf, Ledger, physicalRows, readRowSets, stateOfRow } from './account.ts';
import type { Shelved } from './shelf.ts';

const ledgersKept = 8;

/** null: there is none, or one of another shape. */
export async function readReport(folder: string): Promise<DatasetReport | null> {
  const parsed = datasetReport.safeParse(
    await readJson(path.join(folder, 'report.json')).catch(() => null),
  );
  return parsed.success ? parsed.data : null;
}

export class Accounts {
  private readonly paths: WorkspacePaths;
  private readonly line: () => readonly LineSegment[];
  private readonly ledgers = new Map<string, Ledger>();
  /** One reader at a time: two that read on from the same place would count twice. */
  private turn: Promise<unknown> = Promise.resolve();
  /** `line`: what led to the head; rows that were trained elsewhere are not trained in this model. */
  constructor(paths: WorkspacePaths, line: () => readonly LineSegment[]) {
    this.paths = paths;
    this.line = line;
  }

  /** null while it is not judged. */
  async account(item: Shelved): Promise<RowAccount | null> {
    return (await this.read(item))?.account ?? null;
  }

  /** Refusal NOT_READY. */
  async rows(item: Shelved, from: number, limit: number) {
    const read = await this.read(item);
    if (read === null)
      throw new Refusal('NOT_READY', `${item.meta.name} is not judged yet.`, {
        subject: item.meta.id,
      });
    const cache = item.meta.judged?.cache ?? null;
    const folder =
      cache === null ? null : path.join(this.paths.dataset(item.meta.id), 'cache', cache);
    const all = await physicalRows(folder, read.sets);
    return {
      account: read.account,
      total: all.length,
      rows: all
        .slice(from, from + limit)
        .map((row) => stateOfRow(row, read.sets, read.ledger.timesOf(row), read.isSkipped)),
    };
  }

  private read(item: Shelved) {
    const act = () => this.readAlone(item);
    const next = this.turn.then(act, act);
    this.turn = next.catch(() => undefined);
    return next;
  }

  private async readAlone(item: Shelved) {
    const { id } = item.meta;
    const folder = this.paths.dataset(id);
    const sets = await readRowSets(folder, await readReport(folder), item.meta.quarantined);
    if (sets === null) return null;
    const ledger = this.ledgers.get(id) ?? new Ledger(path.join(folder, 'ledger.jsonl'));
    this.ledgers.delete(id);
    this.ledgers.set(id, ledger);
    const oldest = this.ledgers.keys().next().value;
    if (this.ledgers.size > ledgersKept && oldest !== undefined) this.ledgers.delete(oldest);
    await ledger.refresh(this.line());
    const isSkipped = item.place === 'skipped';
    return { sets, ledger, isSkipped, account: accountOf(sets, ledger.trained(), isSkipped) };
  }
}
