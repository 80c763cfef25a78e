/** The datasets as clients see them: in queue order, with files that are still being added first. */
import { type Config, configFor, type DatasetSummary, Refusal } from '../../contract/index.ts';
import type { DatasetRecord, DatasetStore } from './dataset-store.ts';
import type { Inbox } from './inbox.ts';
import type { Ingest } from './ingest.ts';
import { summarize, summarizeIncoming, summarizeInbox } from './summary.ts';
import type { Validation } from './validation.ts';

const PRIORITIES = ['high', 'normal', 'low'] as const;
const PLACE_ORDER = ['inbox', 'processing', 'queue', 'failed', 'skipped', 'completed'];

export class DatasetList {
  private readonly store: DatasetStore;
  private readonly ingest: Ingest;
  private readonly validation: Validation;
  private readonly config: () => Config;
  private readonly baseId: () => string;
  /** Set once the inbox is watched. */
  inbox: Inbox | null = null;

  constructor(
    store: DatasetStore,
    ingest: Ingest,
    validation: Validation,
    config: () => Config,
    baseId: () => string,
  ) {
    this.store = store;
    this.baseId = baseId;
    this.ingest = ingest;
    this.validation = validation;
    this.config = config;
  }

  /** Refusal NOT_FOUND. */
  require(id: string): DatasetRecord {
    const record = this.store.find(id);
    if (record === null) throw new Refusal('NOT_FOUND', 'No such dataset.', { subject: id });
    return record;
  }

  /** Refusals NOT_FOUND, NOT_READY (not in the queue). */
  requireQueued(id: string): DatasetRecord {
    const record = this.require(id);
    if (record.place === 'queue') return record;
    throw new Refusal('NOT_READY', `${record.meta.name} is not in the queue.`, {
      subject: id,
      next: 'Add it to the queue again first.',
    });
  }

  summary(record: DatasetRecord): DatasetSummary {
    const position =
      record.place === 'queue' ? this.store.queued(record.priority).indexOf(record) : 0;
    return this.summarizeAt(record, Math.max(0, position));
  }

  all(): readonly DatasetSummary[] {
    const positions = new Map(
      PRIORITIES.flatMap((priority) =>
        this.store.queued(priority).map((record, index) => [record.meta.id, index] as const),
      ),
    );
    const stored = this.store
      .all()
      .map((record) => this.summarizeAt(record, positions.get(record.meta.id) ?? 0))
      .sort(compareSummaries);
    return [
      ...this.ingest.list().map(summarizeIncoming),
      ...(this.inbox?.entries() ?? []).map(summarizeInbox),
      ...stored,
    ];
  }

  private summarizeAt(record: DatasetRecord, position: number): DatasetSummary {
    const config = configFor(this.config(), record.meta, this.baseId());
    return summarize(record, this.validation.activity(record), position, config);
  }
}

/** By place, then the queue by priority and position, the others newest first. */
function compareSummaries(a: DatasetSummary, b: DatasetSummary): number {
  const byPlace = PLACE_ORDER.indexOf(a.place) - PLACE_ORDER.indexOf(b.place);
  if (byPlace !== 0) return byPlace;
  if (a.place !== 'queue') return (b.finished ?? b.added) - (a.finished ?? a.added);
  const byPriority = PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority);
  return byPriority !== 0 ? byPriority : a.position - b.position;
}
