/**
 * The expected times of all datasets, kept up to date so that the queue, the status and the tray read the same number at once:
 * the estimate of each waiting dataset, and the time left for the one in training.
 */
import path from 'node:path';
import { type Config, configFor, type EstimateRecord, Refusal } from '../../contract/index.ts';
import { passFile, readOrNull } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Emitter } from '../../kit/emitter.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import type { MetricsRoom } from '../metrics/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { type DatasetFacts, type EstimateFacts, estimateOf, overheadInput } from './estimate.ts';
import { marginOf, type TimeLeft, timeLeft } from './left.ts';

const SECONDS_BETWEEN_CHECKS = 1;
/** While a trainer works its speed changes; the waiting datasets follow it this often. */
const SECONDS_BETWEEN_REFRESHES = 5;

export interface ExpectedOptions {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly datasets: DatasetsRoom;
  readonly metrics: MetricsRoom;
  readonly trainer: TrainerRoom;
  readonly clock: Clock;
  readonly changed: Emitter<void>;
  readonly record: () => EstimateRecord;
  readonly baseId: () => string;
  /** As this machine resolves it. Refusal NOT_READY without a base model. */
  readonly resolve: (
    config: Config,
  ) => Promise<{ readonly facts: EstimateFacts; readonly config: Config }>;
  readonly datasetFacts: (
    id: string,
    config: Config,
    steps: number | null,
  ) => Promise<DatasetFacts>;
  readonly failed: (where: string, error: unknown) => void;
}

interface OpenPass {
  readonly id: string;
  readonly config: Config;
  readonly facts: EstimateFacts;
  readonly dataset: DatasetFacts;
  /** Of the pass, without steps of an earlier pass of a skipped dataset. */
  readonly steps: number;
  readonly stepsBefore: number;
}

export class ExpectedTimes {
  private readonly options: ExpectedOptions;
  private readonly known = new Map<string, number>();
  private readonly reports = new Map<
    string,
    { readonly key: string; readonly facts: DatasetFacts }
  >();
  private open: OpenPass | null = null;
  private isDirty = true;
  private refreshedAt = 0;
  private readonly stops: readonly (() => void)[];

  constructor(options: ExpectedOptions) {
    this.options = options;
    const touch = (): void => {
      this.isDirty = true;
    };
    this.stops = [
      options.config.changed.on(touch),
      options.datasets.changed.on(touch),
      options.clock.every(SECONDS_BETWEEN_CHECKS, () => this.check()),
    ];
  }

  close(): void {
    for (const stop of this.stops) stop();
  }

  /** Of a waiting dataset; null while unknown. */
  secondsOf(id: string): number | null {
    return this.known.get(id) ?? null;
  }

  /** `live`: the dataset in training and its steps over all passes. null before the third step. */
  left(live: { readonly id: string; readonly done: number } | null): TimeLeft | null {
    const { open } = this;
    const costs = this.options.metrics.costs();
    if (live === null || open === null || open.id !== live.id || costs === null) return null;
    const { config, facts, dataset, steps, stepsBefore } = open;
    const done = Math.min(steps, Math.max(0, live.done - stepsBefore));
    return timeLeft(
      config,
      overheadInput(config, facts, dataset, { steps, done }),
      costs,
      facts.overheadPace ?? facts.pace ?? 1,
      marginOf(this.options.record()),
    );
  }

  private async check(): Promise<void> {
    const { clock, trainer } = this.options;
    const isOld = clock.monotonic() - this.refreshedAt > SECONDS_BETWEEN_REFRESHES;
    if (!this.isDirty && !(isOld && trainer.view().alive)) return;
    this.isDirty = false;
    this.refreshedAt = clock.monotonic();
    try {
      const before = JSON.stringify([...this.known]);
      await this.refresh();
      if (JSON.stringify([...this.known]) !== before) this.options.changed.emit(undefined);
    } catch (error) {
      // Without a base model there is nothing to estimate.
      if (!(error instanceof Refusal)) this.options.failed('estimate.expected', error);
      this.known.clear();
    }
  }

  private async refresh(): Promise<void> {
    const { baseId, config, datasets, resolve } = this.options;
    this.open = await this.readOpen();
    const planned = config.planned({});
    const usual = await resolve(planned);
    const seen = new Set<string>();
    for (const dataset of datasets.list()) {
      if (dataset.place !== 'queue' || dataset.planned_steps === null) continue;
      const done = dataset.done_steps ?? 0;
      const own = configFor(planned, datasets.meta(dataset.id), baseId());
      const resolved = own === planned ? usual : await resolve(own);
      const facts = await this.factsOf(dataset.id, resolved.config);
      if (!facts.isReal) continue;
      const steps = done === 0 ? null : Math.max(0, dataset.planned_steps - done);
      const { time } = estimateOf(resolved.config, resolved.facts, { ...facts, steps });
      if (time.seconds === null) continue;
      this.known.set(dataset.id, time.seconds);
      seen.add(dataset.id);
    }
    for (const id of this.known.keys()) if (!seen.has(id)) this.known.delete(id);
    for (const id of this.reports.keys()) if (!seen.has(id)) this.reports.delete(id);
  }

  /** A report is read again when its dataset was validated again or the configuration changed. */
  private async factsOf(id: string, config: Config): Promise<DatasetFacts> {
    const key = JSON.stringify([this.options.datasets.meta(id)?.validated?.key, config]);
    const known = this.reports.get(id);
    if (known?.key === key) return known.facts;
    const facts = await this.options.datasetFacts(id, config, null);
    this.reports.set(id, { key, facts });
    return facts;
  }

  private async readOpen(): Promise<OpenPass | null> {
    const { paths, datasets, resolve, datasetFacts } = this.options;
    const [dataset] = datasets.processing();
    if (dataset === undefined) return null;
    const pass = await readOrNull(path.join(paths.dataset(dataset.id), 'pass.json'), passFile);
    if (pass?.state !== 'open') return null;
    const { config, facts } = await resolve(pass.config);
    return {
      id: dataset.id,
      config,
      facts,
      dataset: await datasetFacts(dataset.id, config, pass.planned_steps),
      steps: pass.planned_steps,
      stepsBefore: pass.steps_before,
    };
  }
}
