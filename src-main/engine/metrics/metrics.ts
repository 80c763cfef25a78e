/** Keeps the history of the runs up to date and answers from it. */
import type { AncestrySegment, JournalEntry, Marker, MetricsNews } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Journal } from '../journal/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { decideActivity } from './activity.ts';
import { curvesOf } from './curves.ts';
import { type Added, History } from './history.ts';
import { RunReader } from './run-reader.ts';
import type { Latest, MetricsRoom } from './types.ts';

const SECONDS_BETWEEN_READS = 0.25;
/** Without a trainer, after this many reads without news, only every `IDLE_READ_INTERVAL`-th is done. */
const EMPTY_READS_BEFORE_IDLE = 16;
const IDLE_READ_INTERVAL = 8;
/** Newest journal entries that are searched for hours in which the machine slept. */
const JOURNAL_ENTRIES = 20_000;
/** How long the start waits for the history; a longer one is read while the engine already runs. */
const START_WAIT_SECONDS = 0.3;

export interface MetricsOptions {
  readonly paths: WorkspacePaths;
  readonly trainer: TrainerRoom;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly ancestry: () => readonly AncestrySegment[];
  /** Markers that no run file has: the versions of the ancestry. */
  readonly versionMarkers?: () => readonly Marker[];
}

export async function createMetrics(options: MetricsOptions): Promise<MetricsRoom> {
  const metrics = new Metrics(options);
  await metrics.start();
  return metrics;
}

class Metrics implements MetricsRoom {
  readonly news = new Emitter<MetricsNews>();
  readonly settled: Promise<void>;
  private readonly options: MetricsOptions;
  private readonly reader: RunReader;
  private isSettled = false;
  private emptyReads = 0;
  private readonly stops: (() => void)[] = [];

  constructor(options: MetricsOptions) {
    this.options = options;
    this.reader = new RunReader(options.paths, new History(options.ancestry()), () =>
      options.clock.now(),
    );
    // A history that can't be read doesn't stop the engine from starting; the next read tries again.
    this.settled = this.reader.read(true).then(
      () => undefined,
      () => undefined,
    );
  }

  private get history(): History {
    return this.reader.history;
  }

  async start(): Promise<void> {
    const { clock, journal } = this.options;
    const timeout = new Promise<'timeout'>((resolve) => {
      clock.after(START_WAIT_SECONDS, () => {
        resolve('timeout');
      });
    });
    this.isSettled = (await Promise.race([this.settled, timeout])) !== 'timeout';
    if (!this.isSettled)
      void this.settled.then(() => {
        this.isSettled = true;
        this.emit({ reset: true, points: [], evaluations: [], markers: [] });
      });
    await this.addStored();
    this.stops.push(
      journal.written.on((entry) => {
        const marker = this.addSleepEntry(entry);
        if (marker !== null)
          this.emit({ reset: false, points: [], evaluations: [], markers: [marker] });
      }),
      clock.every(SECONDS_BETWEEN_READS, () => this.readNew()),
    );
  }

  /** Without a trainer there is rarely anything to read, except what a trainer wrote last. */
  private async readNew(): Promise<void> {
    if (this.reader.isReading) return;
    if (this.options.trainer.view().alive) this.emptyReads = 0;
    else if (
      this.emptyReads > EMPTY_READS_BEFORE_IDLE &&
      this.emptyReads % IDLE_READ_INTERVAL !== 0
    ) {
      this.emptyReads += 1;
      return;
    }
    const { reset, previewed, points, evaluations, markers }: Added = await this.reader.read();
    if (reset || previewed || points.length + evaluations.length + markers.length > 0) {
      this.emptyReads = 0;
      this.emit({ reset, points, evaluations, markers });
    } else this.emptyReads += 1;
  }

  /** What the run files don't have: sleep from the journal, and versions. */
  private async addStored(): Promise<void> {
    this.history.markers.push(...(this.options.versionMarkers?.() ?? []));
    for (const entry of await this.options.journal.read(JOURNAL_ENTRIES)) this.addSleepEntry(entry);
  }

  /** The hours in which the machine slept, from the journal entry about them; null for other entries. */
  private addSleepEntry(entry: JournalEntry): Marker | null {
    const { from, until } = entry.evidence;
    if (entry.what !== 'trainer.asleep' || typeof from !== 'number' || typeof until !== 'number')
      return null;
    const step = entry.step ?? 0;
    const marker: Marker = { kind: 'asleep', step, t: from, until, label: 'asleep' };
    this.history.asleep.push({ from, to: until });
    this.history.markers.push(marker);
    return marker;
  }

  private emit(added: Omit<MetricsNews, 'branch'>): void {
    this.news.emit({ branch: this.branch(), ...added });
  }

  private branch(): string {
    return this.options.ancestry().at(-1)?.branch ?? 'main';
  }

  curves(input: Parameters<MetricsRoom['curves']>[0]) {
    return curvesOf(this.history, this.branch(), input);
  }

  validation() {
    return [...this.history.validation].map(([branch, evaluations]) => ({ branch, evaluations }));
  }

  activity(hours: number) {
    const { run, alive } = this.options.trainer.view();
    const now = this.options.clock.now();
    return Promise.resolve(
      decideActivity(this.history, alive ? run : null, now - hours * 3600, now),
    );
  }

  previews(limit: number) {
    return this.history.previews.slice(0, limit);
  }

  latest(): Latest {
    const { history } = this;
    return {
      point: history.points.last,
      smoothed: history.trainingLoss.value,
      evaluation: history.evaluations.at(-1) ?? null,
      exact: history.exact,
      checkpointStep: history.checkpointStep,
      monitoringPercent: history.monitoringPercent,
      microBatch: history.microBatch,
      epoch: history.epoch,
      samplesPerSecond: history.samplesPerSecond,
      previewSkipped: history.previewSkipped,
    };
  }

  at(step: number) {
    return this.history.at(step);
  }

  ofPass(pass: string) {
    return this.history.ofPass(pass);
  }

  /** Of the current run; null until the history was read. */
  costs() {
    return this.isSettled ? this.history.costs : null;
  }

  mark(marker: Marker): void {
    this.history.markers.push(marker);
    this.emit({ reset: false, points: [], evaluations: [], markers: [marker] });
  }

  async follow(): Promise<void> {
    await this.reader.restart(new History(this.options.ancestry()));
    await this.addStored();
    this.emit({ reset: true, points: [], evaluations: [], markers: [] });
  }

  close(): void {
    for (const stop of this.stops) stop();
  }
}
