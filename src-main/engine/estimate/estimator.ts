/** Answers estimates, stores the estimate of each pass and compares it with what the pass took. */
import {
  type Config,
  configFor,
  type EstimateAnswer,
  type EstimateRecord,
  type KeptEstimate,
  type OverLongAnswer,
  Refusal,
} from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import type { Journal } from '../journal/index.ts';
import type { MetricsRoom } from '../metrics/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { readActual } from './actual.ts';
import {
  type EstimateFacts,
  estimateOf,
  fittingOf,
  levelsOf,
  referenceOf,
  referenceOverhead,
} from './estimate.ts';
import {
  type BaseWithShape,
  datasetFacts,
  factsFor,
  type FactsOptions,
  paceKeyOf,
  requireBase,
} from './facts.ts';
import { ExpectedTimes } from './expected.ts';
import type { EstimateRoom, NewPass } from './types.ts';
import { overLongAnswer } from './over-long-answer.ts';
import { queueEstimate } from './queue-estimate.ts';
import {
  compareText,
  decidePace,
  decideRecord,
  isSamePace,
  type Pace,
  type PaceKey,
  readCompared,
  readKept,
  writeKept,
} from './record.ts';

export interface EstimateOptions extends FactsOptions {
  readonly config: ConfigRoom;
  readonly datasets: DatasetsRoom;
  readonly journal: Journal;
  readonly metrics: MetricsRoom;
  readonly trainer: TrainerRoom;
  readonly clock: Clock;
  readonly failed: (where: string, error: unknown) => void;
}

export async function createEstimate(options: EstimateOptions): Promise<EstimateRoom> {
  return new Estimator(options, await readCompared(options.paths));
}

/** A configuration as this machine resolves it, with what an estimate of it is based on. */
interface Resolved extends BaseWithShape {
  readonly facts: EstimateFacts;
  readonly config: Config;
}

class Estimator implements EstimateRoom {
  readonly changed = new Emitter<void>();
  private readonly options: EstimateOptions;
  private compared: readonly KeptEstimate[];
  /** The estimate of the pass in training, or of the last one. */
  private current: KeptEstimate | null = null;

  private readonly expected: ExpectedTimes;

  constructor(options: EstimateOptions, compared: readonly KeptEstimate[]) {
    this.options = options;
    this.compared = compared;
    this.expected = new ExpectedTimes({
      ...options,
      changed: this.changed,
      record: () => this.record(),
      baseId: () => this.options.baseModels.selectedId(),
      resolve: async (config) => {
        await this.loadCurrent();
        return this.resolve(config);
      },
      datasetFacts: (id, config, steps) => datasetFacts(options, id, config, steps),
    });
  }

  secondsOf(id: string): number | null {
    return this.expected.secondsOf(id);
  }

  left(live: Parameters<EstimateRoom['left']>[0]) {
    return this.expected.left(live);
  }

  close(): void {
    this.expected.close();
  }

  private async resolve(wanted: Config): Promise<Resolved> {
    const base = await requireBase(this.options, wanted);
    const resolved = await factsFor(this.options, base, wanted, (key) => this.paceOf(key));
    return { ...base, ...resolved };
  }

  private paceOf(key: PaceKey): Pace {
    const earlier = decidePace(this.compared, key);
    return { ...earlier, pace: this.livePace(key) ?? earlier.pace };
  }

  /** From the speed of the running pass, relative to the reference stored with its estimate. */
  private livePace(key: PaceKey): number | null {
    const secondsPerStep = this.options.metrics.costs()?.secondsPerStep ?? null;
    const kept = this.current;
    if (kept === null || secondsPerStep === null) return null;
    if (!isSamePace(kept, key) || kept.actual !== null) return null;
    return secondsPerStep / kept.predicted.reference_seconds_per_step;
  }

  /** The requested dataset, else the next that is ready, else the one in training. */
  private chooseDataset(requested: string | null): { id: string; name: string } | null {
    const { datasets } = this.options;
    if (requested !== null) {
      const { id, name } = datasets.summary(requested);
      return { id, name };
    }
    const next = datasets.queued().find((dataset) => dataset.isReady && !dataset.held);
    const dataset = next ?? datasets.processing()[0] ?? null;
    return dataset === null ? null : { id: dataset.id, name: dataset.name };
  }

  /** The sample carries its settings. */
  private forDataset(config: Config, id: string | null): Config {
    const { baseModels, datasets } = this.options;
    return configFor(config, id === null ? null : datasets.meta(id), baseModels.selectedId());
  }

  /** After a restart, the pass in training still has the estimate that it started with. */
  private async loadCurrent(): Promise<void> {
    const [open] = this.options.datasets.processing();
    const kept = open === undefined ? null : await readKept(this.options.paths, open.id);
    if (kept !== null && kept.pass !== this.current?.pass) this.current = kept;
  }

  async estimate(input: Parameters<EstimateRoom['estimate']>[0]): Promise<EstimateAnswer> {
    const { config } = this.options;
    const dataset = this.chooseDataset(input.dataset);
    const id = dataset?.id ?? null;
    const planned = config.planned(input.changes);
    await this.loadCurrent();
    const changed = await this.resolve(this.forDataset(planned, id));
    const now = await this.resolve(this.forDataset(config.planned({}), id));
    const datasetNow = await datasetFacts(this.options, id, now.config, null);
    const datasetChanged = await datasetFacts(this.options, id, changed.config, null);
    const { base, shape, config: resolved, facts } = changed;
    return {
      dataset: datasetChanged.isReal ? dataset : null,
      base: { id: base.id, label: base.label, parameters: shape.parameters },
      now: estimateOf(now.config, now.facts, datasetNow),
      changed: estimateOf(resolved, facts, datasetChanged),
      levels: levelsOf(resolved, facts, datasetChanged),
      fitting: fittingOf(resolved, facts, datasetChanged),
      queue: await queueEstimate(this.options, await this.resolve(planned)),
      record: this.record(),
    };
  }

  overLong(id: string): Promise<OverLongAnswer> {
    return overLongAnswer(this.options, (config) => this.resolve(this.forDataset(config, id)), id);
  }

  record(): EstimateRecord {
    return decideRecord(this.compared);
  }

  kept(dataset: string): Promise<KeptEstimate | null> {
    return readKept(this.options.paths, dataset);
  }

  begin(pass: NewPass): Promise<void> {
    return this.safely('begin', async () => {
      const { base, facts, config } = await this.resolve(pass.config);
      const dataset = await datasetFacts(this.options, pass.dataset, config, pass.steps);
      if (!dataset.isReal) return;
      const estimate = estimateOf(config, facts, dataset);
      const kept: KeptEstimate = {
        format: 1,
        pass: pass.pass,
        t: this.options.clock.now(),
        ...paceKeyOf(base, facts.device, config),
        predicted: {
          steps: pass.steps,
          seconds: estimate.time.seconds ?? 0,
          seconds_per_step: estimate.time.seconds_per_step,
          reference_seconds_per_step: referenceOf(config, facts, dataset),
          reference_overhead_seconds: referenceOverhead(config, facts, dataset, pass.steps),
          certainty: estimate.time.certainty,
          memory: estimate.memory.bytes,
        },
        actual: null,
      };
      await writeKept(this.options.paths, pass.dataset, kept);
      this.current = kept;
    });
  }

  settle({ id, name }: { readonly id: string; readonly name: string }, pass: string) {
    return this.safely('settle', async () => {
      const { paths, journal } = this.options;
      const kept = await readKept(paths, id);
      if (kept === null || kept.pass !== pass) return;
      const actual = await readActual(paths, pass, kept.t);
      const compared: KeptEstimate = { ...kept, actual };
      await writeKept(paths, id, compared);
      this.current = null;
      const others = this.compared.filter((estimate) => estimate.pass !== pass);
      this.compared = actual === null ? others : [...others, compared];
      journal.write({
        what: 'estimate.compared',
        text: compareText(name, compared),
        dataset: id,
        evidence: { pass, predicted: kept.predicted, actual },
      });
      this.changed.emit(undefined);
    });
  }

  private async safely(where: string, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      if (!(error instanceof Refusal)) this.options.failed(`estimate.${where}`, error);
    }
  }
}
