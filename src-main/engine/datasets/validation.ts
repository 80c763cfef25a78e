/** Which waiting file is validated next, and what its verdict leads to. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isInfrastructure, type Priority } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { sha256File } from '../../kit/hash.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { type Base, validate, validationKey } from './intake.ts';
import type { DatasetStore, DatasetRecord } from './dataset-store.ts';
import type { Activity } from './summary.ts';

const priorities: readonly Priority[] = ['high', 'normal', 'low'];
const attemptsBeforeFailed = 3;

export interface JudgingOptions {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly disk: DiskRoom;
  readonly journal: Journal;
  readonly trainer: TrainerRoom;
  readonly clock: Clock;
  readonly shelf: DatasetStore;
  readonly base: () => Base | null;
  readonly changed: () => void;
  readonly onVerdict: (item: DatasetRecord) => void;
}

export class Validation {
  private readonly o: JudgingOptions;
  private readonly activities = new Map<string, Activity>();
  private readonly attempts = new Map<string, number>();
  private readonly notBefore = new Map<string, number>();
  private chain: Promise<unknown> = Promise.resolve();
  private running: string | null = null;
  constructor(options: JudgingOptions) {
    this.o = options;
  }

  /** The dataset that the worker reads now. */
  current(): { readonly id: string; readonly progress: number } | null {
    if (this.running === null) return null;
    return { id: this.running, progress: this.activities.get(this.running)?.progress ?? 0 };
  }

  /** null: nothing happens to it and nothing holds it up. */
  activity(item: DatasetRecord): Activity | null {
    const known = this.activities.get(item.meta.id);
    if (known !== undefined) return known;
    if (item.place !== 'queue' || this.isJudged(item)) return null;
    if (this.o.base() === null) return { progress: null, message: 'waits for a base model' };
    return { progress: null, message: 'waits for validation' };
  }

  say(id: string, message: string | null): void {
    if (message === null) this.activities.delete(id);
    else this.activities.set(id, { progress: null, message });
  }

  isJudged(item: DatasetRecord): boolean {
    const base = this.o.base();
    const { validated } = item.meta;
    // A verdict stays readable while no base is chosen; it cannot be trained then anyway.
    if (validated === null) return false;
    return (
      base === null || validated.key === validationKey(this.o.config.values(), base, item.meta)
    );
  }

  /** One worker at a time: validation and dry validation queue up here. */
  alone<T>(act: () => Promise<T>): Promise<T> {
    const next = this.chain.then(act, act);
    this.chain = next.catch(() => undefined);
    return next;
  }

  /** Starts the next one unless one runs; called by the timer and after every change. */
  async tick(): Promise<void> {
    const base = this.o.base();
    if (this.running !== null || base === null) return;
    const now = this.o.clock.monotonic();
    const next = priorities
      .flatMap((priority) => this.o.shelf.queued(priority))
      .find(
        (item) =>
          item.meta.complete &&
          !this.isJudged(item) &&
          (this.notBefore.get(item.meta.id) ?? 0) <= now,
      );
    if (next === undefined) return;
    this.running = next.meta.id;
    this.activities.set(next.meta.id, { progress: 0, message: null });
    this.o.changed();
    try {
      await this.alone(() => this.judgeOne(next, base));
    } catch (error) {
      this.wait(next, error instanceof Error ? error.message : String(error));
    } finally {
      this.running = null;
      if (this.activities.get(next.meta.id)?.progress !== null)
        this.activities.delete(next.meta.id);
      this.o.changed();
    }
    const item = this.o.shelf.find(next.meta.id);
    if (item !== null) this.o.onVerdict(item);
  }

  /** True when the file is byte for byte what was validated; the verdict is taken back otherwise. */
  async isUnchanged(item: DatasetRecord): Promise<boolean> {
    const { seen } = item.meta;
    if (seen !== null && item.meta.validated !== null) {
      const facts = await stat(item.file).catch(() => null);
      if (facts?.size === seen.bytes && (await sha256File(item.file)) === seen.sha256) return true;
    }
    this.o.journal.write({
      what: 'datasets.changed',
      text: `${item.meta.name} changed after it was validated; it is validated again.`,
      dataset: item.meta.id,
    });
    await this.o.shelf.note(item.meta.id, { validated: null });
    this.o.changed();
    return false;
  }

  private async judgeOne(item: DatasetRecord, base: Base): Promise<void> {
    const { id } = item.meta;
    const config = this.o.config.values();
    await this.o.disk.require(item.bytes * 3, `the token cache of ${item.meta.name}`);
    const result = await validate(this.o.trainer, this.o.clock, {
      id,
      folder: this.o.paths.dataset(id),
      name: item.meta.name,
      file: item.file,
      meta: item.meta,
      config,
      base,
      isDry: false,
      onProgress: (progress) => {
        this.activities.set(id, { progress, message: null });
        this.o.changed();
      },
      onSeen: (sha256) => this.isSameDataset(item, sha256),
    });
    const now = this.o.shelf.find(id);
    if (now?.place !== 'queue') return;
    if (result.kind === 'changed') {
      await this.o.shelf.note(id, { complete: false });
      return;
    }
    if (result.kind === 'failed') {
      await this.failed(now, result.category, result.message);
      return;
    }
    this.attempts.delete(id);
    // Rows were quarantined for what stood in them; in another content the numbers name other rows.
    const isOther = item.meta.seen !== null && item.meta.seen.sha256 !== result.seen.sha256;
    const changes = {
      validated: result.validated,
      seen: result.seen,
      ...(isOther ? { quarantined: [] } : {}),
    };
    const text =
      result.validated.verdict === 'ready'
        ? `${item.meta.name} is ready: ${result.validated.accepted} of ${result.validated.rows} rows accepted.`
        : `${item.meta.name}: ${result.validated.message ?? result.validated.verdict}`;
    this.o.journal.write({
      what: `datasets.${result.validated.verdict}`,
      text,
      dataset: id,
      evidence: { rows: result.validated.rows, rejected: result.validated.rejected },
    });
    if (result.validated.verdict === 'refused')
      await this.o.shelf.move(id, 'failed', {
        what: 'refused',
        changes: {
          ...changes,
          reason: result.validated.message ?? 'refused',
          finished: this.o.clock.now(),
        },
      });
    else await this.o.shelf.note(id, changes);
  }

  /** A file with other content under the name of a dataset that was trained is another dataset. */
  private async isSameDataset(item: DatasetRecord, sha256: string): Promise<boolean> {
    if (item.meta.seen === null || item.meta.seen.sha256 === sha256) return true;
    const ledger = path.join(this.o.paths.dataset(item.meta.id), 'ledger.jsonl');
    if (((await stat(ledger).catch(() => null))?.size ?? 0) === 0) return true;
    await this.o.shelf.replaced(item.meta.id);
    return false;
  }

  private async failed(item: DatasetRecord, category: string, message: string): Promise<void> {
    const { id, name } = item.meta;
    this.o.journal.write({
      what: 'datasets.intake_failed',
      text: `The intake of ${name} failed: ${message}`,
      dataset: id,
      evidence: { category },
    });
    // The machine failed, not the file: it waits, and no attempt is counted against it.
    if (isInfrastructure(category)) {
      this.wait(item, message);
      return;
    }
    const attempts = (this.attempts.get(id) ?? 0) + 1;
    this.attempts.set(id, attempts);
    if (attempts < attemptsBeforeFailed) {
      this.wait(item, message);
      return;
    }
    this.attempts.delete(id);
    await this.o.shelf.move(id, 'failed', {
      what: 'intake failed',
      changes: {
        reason: `It could not be read in ${attemptsBeforeFailed} attempts: ${message}`,
        finished: this.o.clock.now(),
      },
    });
  }

  private wait(item: DatasetRecord, message: string): void {
    const seconds = Math.min(60, 5 * 2 ** (this.attempts.get(item.meta.id) ?? 0));
    this.notBefore.set(item.meta.id, this.o.clock.monotonic() + seconds);
    this.activities.set(item.meta.id, {
      progress: null,
      message: `not validated yet: ${message} Tried again in ${seconds} s.`,
    });
  }
}
