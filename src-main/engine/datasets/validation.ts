/** Which queued file is validated next, and what its verdict leads to. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { configFor, isInfrastructure, type Priority } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { sha256File } from '../../kit/hash.ts';
import { createSerializer } from '../../kit/serializer.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import type { DatasetRecord, DatasetStore } from './dataset-store.ts';
import { rememberedDecision } from './decisions.ts';
import { type Base, type IntakeResult, validate, validationKey } from './intake.ts';
import { acceptOneNoLongerRepeated, askAgain, trainedBefore } from './repeated-files.ts';
import type { Activity } from './summary.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

const PRIORITIES: readonly Priority[] = ['high', 'normal', 'low'];
const MAX_ATTEMPTS = 3;
export interface ValidationOptions {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly disk: DiskRoom;
  readonly journal: Journal;
  readonly trainer: TrainerRoom;
  readonly clock: Clock;
  readonly store: DatasetStore;
  readonly base: () => Base | null;
  readonly changed: () => void;
  readonly onVerdict: (record: DatasetRecord) => void;
}

export class Validation {
  private readonly options: ValidationOptions;
  private readonly activities = new Map<string, Activity>();
  private readonly attempts = new Map<string, number>();
  /** Monotonic seconds before which a file isn't tried again. */
  private readonly notBefore = new Map<string, number>();
  /** One intake worker at a time. */
  private readonly serializer = createSerializer();
  private running: string | null = null;
  private abort = new AbortController();

  constructor(options: ValidationOptions) {
    this.options = options;
  }

  /** The dataset that is being validated. */
  current(): { readonly id: string; readonly progress: number } | null {
    if (this.running === null) return null;
    return { id: this.running, progress: this.activities.get(this.running)?.progress ?? 0 };
  }

  /** null when nothing happens to the file and it isn't waiting for validation. */
  activity(record: DatasetRecord): Activity | null {
    const known = this.activities.get(record.meta.id);
    if (known !== undefined) return known;
    if (record.place !== 'queue' || this.isValidated(record)) return null;
    if (this.options.base() === null)
      return { progress: null, message: 'waiting for a base model' };
    return { progress: null, message: 'waiting for validation' };
  }

  /** What is shown of a queued file; null clears it. */
  setMessage(id: string, message: string | null): void {
    if (message === null) this.activities.delete(id);
    else this.activities.set(id, { progress: null, message });
  }

  /** The verdict holds for the current settings. Without a base model any verdict stays valid. */
  isValidated(record: DatasetRecord): boolean {
    const base = this.options.base();
    const { validated } = record.meta;
    if (validated === null) return false;
    if (base === null) return true;
    return validated.key === validationKey(this.options.config.values(), base, record.meta);
  }

  /** Ends the validation of this dataset, so that the next file doesn't wait for it. */
  cancel(id: string): void {
    if (this.running === id) this.abort.abort();
  }

  /** Runs a task while no file is validated. */
  exclusive<T>(task: () => Promise<T>): Promise<T> {
    return this.serializer.run(task);
  }

  /** Validates the next file unless one is being validated. Called by the timer and after every change. */
  async tick(): Promise<void> {
    const base = this.options.base();
    if (this.running !== null || base === null) return;
    while (await acceptOneNoLongerRepeated(this.options.store)) this.options.changed();
    const now = this.options.clock.monotonic();
    const next = PRIORITIES.flatMap((priority) => this.options.store.queued(priority)).find(
      (record) =>
        record.meta.complete &&
        !this.isValidated(record) &&
        (this.notBefore.get(record.meta.id) ?? 0) <= now,
    );
    if (next === undefined) return;
    const { id } = next.meta;
    this.running = id;
    this.abort = new AbortController();
    this.activities.set(id, { progress: 0, message: null });
    this.options.changed();
    try {
      await this.serializer.run(() => this.validateRecord(next, base));
    } catch (error) {
      this.retryLater(next, error instanceof Error ? error.message : String(error));
    } finally {
      this.running = null;
      if (this.activities.get(id)?.progress !== null) this.activities.delete(id);
      this.options.changed();
    }
    const record = this.options.store.find(id);
    if (record !== null) this.options.onVerdict(record);
  }

  /** True when the file has the content that was validated; otherwise its verdict is discarded. */
  async isUnchanged(record: DatasetRecord): Promise<boolean> {
    const { id, name, seen, validated } = record.meta;
    if (seen !== null && validated !== null) {
      const facts = await stat(record.file).catch(unlessTemporary(null));
      if (facts?.size === seen.bytes && (await sha256File(record.file)) === seen.sha256)
        return true;
    }
    this.options.journal.write({
      what: 'datasets.changed',
      text: `${name} changed after validation and will be validated again.`,
      dataset: id,
    });
    await this.options.store.update(id, { validated: null });
    this.options.changed();
    return false;
  }

  private async validateRecord(record: DatasetRecord, base: Base): Promise<void> {
    const { id, name } = record.meta;
    await this.options.disk.require(record.bytes * 3, `the token cache of ${name}`);
    const result = await validate(this.options.trainer, this.options.clock, {
      id,
      folder: this.options.paths.dataset(id),
      name,
      file: record.file,
      meta: record.meta,
      config: configFor(this.options.config.values(), record.meta, base.id),
      base,
      isDry: false,
      signal: this.abort.signal,
      minFreeBytes: Math.round((this.options.disk.reading().floorGb ?? 0) * 1e9),
      onProgress: (progress) => {
        this.activities.set(id, { progress, message: null });
        this.options.changed();
      },
      onHash: (sha256) => this.isSameDataset(record, sha256),
    });
    const now = this.options.store.find(id);
    if (now?.place !== 'queue') return;
    switch (result.kind) {
      case 'changed':
        return this.options.store.update(id, { complete: false });
      case 'failed':
        return this.onFailure(now, result.category, result.message);
      case 'validated':
        this.attempts.delete(id);
        return this.onValidated(record, result);
    }
  }

  private async onValidated(
    record: DatasetRecord,
    { validated: found, seen }: Extract<IntakeResult, { kind: 'validated' }>,
  ): Promise<void> {
    const { store, journal, clock } = this.options;
    const { id, name } = record.meta;
    const remembered = rememberedDecision(record.meta, found, store.allMetas());
    if (remembered !== null) {
      journal.write({
        what: 'datasets.decided_as',
        text: `${name} has the same fields as ${remembered.decided_as ?? ''}: what was decided there is used.`,
        dataset: id,
      });
      return store.update(id, { ...remembered, validated: null });
    }
    const trained = trainedBefore(record.meta, found, store.all());
    const validated = trained === null ? found : askAgain(found, trained);
    // In other content the quarantined row numbers refer to other rows.
    const isOther = record.meta.seen !== null && record.meta.seen.sha256 !== seen.sha256;
    const changes = { validated, seen, ...(isOther ? { quarantined: [] } : {}) };
    journal.write({
      what: `datasets.${validated.verdict}`,
      text:
        validated.verdict === 'ready'
          ? `${name} is ready: ${validated.accepted} of ${validated.rows} rows are valid.`
          : `${name}: ${validated.message ?? validated.verdict}`,
      dataset: id,
      evidence: { rows: validated.rows, rejected: validated.rejected },
    });
    if (validated.verdict !== 'refused') return store.update(id, changes);
    await store.move(id, 'failed', {
      what: 'refused',
      changes: { ...changes, reason: validated.message ?? 'refused', finished: clock.now() },
    });
  }

  /** False when a file under the name of a trained dataset has other content: it becomes a new dataset. */
  private async isSameDataset(record: DatasetRecord, sha256: string): Promise<boolean> {
    const { id, seen } = record.meta;
    if (seen === null || seen.sha256 === sha256) return true;
    const ledger = path.join(this.options.paths.dataset(id), 'ledger.jsonl');
    if (((await stat(ledger).catch(unlessTemporary(null)))?.size ?? 0) === 0) return true;
    await this.options.store.replace(id);
    return false;
  }

  private async onFailure(record: DatasetRecord, category: string, message: string): Promise<void> {
    if (category === 'canceled') return;
    const { id, name } = record.meta;
    this.options.journal.write({
      what: 'datasets.intake_failed',
      text: `Validation of ${name} failed: ${message}`,
      dataset: id,
      evidence: { category },
    });
    // The machine or the base model failed, not the file, so no attempt is counted against it.
    if (isInfrastructure(category)) {
      this.retryLater(record, message);
      return;
    }
    const attempts = (this.attempts.get(id) ?? 0) + 1;
    this.attempts.set(id, attempts);
    // A limit is reached again each time.
    const isFinal = category === 'over_limit';
    if (attempts < MAX_ATTEMPTS && !isFinal) {
      this.retryLater(record, message);
      return;
    }
    this.attempts.delete(id);
    await this.options.store.move(id, 'failed', {
      what: 'validation failed',
      changes: {
        reason: isFinal ? message : `Validation failed ${MAX_ATTEMPTS} times: ${message}`,
        finished: this.options.clock.now(),
      },
    });
  }

  private retryLater(record: DatasetRecord, message: string): void {
    const { id } = record.meta;
    const seconds = Math.min(60, 5 * 2 ** (this.attempts.get(id) ?? 0));
    this.notBefore.set(id, this.options.clock.monotonic() + seconds);
    this.activities.set(id, {
      progress: null,
      message: `validation failed: ${message} Retrying in ${seconds} s.`,
    });
  }
}
