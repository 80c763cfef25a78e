/** Answers estimates, stores the estimate of each pass and compares it with what the pass took. */
import {
  type Config,
  type EstimateAnswer,
  type EstimateRecord,
  type KeptEstimate,
  type OverLongAnswer,
  type OverLongChoice,
  Refusal,
} from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { ConfigRoom } from '../config/index.ts';
import { type DatasetsRoom, readReport } from '../datasets/index.ts';
import type { Journal } from '../journal/index.ts';
import type { MetricsRoom } from '../metrics/index.ts';
import { readActual } from './actual.ts';
import { type EstimateFacts, estimateOf, fittingOf, levelsOf, referenceOf } from './estimate.ts';
import {
  type BaseWithShape,
  datasetFacts,
  factsFor,
  type FactsOptions,
  paceKeyOf,
  requireBase,
} from './facts.ts';
import type { EstimateRoom, NewPass } from './types.ts';
import { currentOption, optionsFor, overLongChoice } from './over-long.ts';
import {
  compareText,
  decidePace,
  decideRecord,
  isSamePace,
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

  constructor(options: EstimateOptions, compared: readonly KeptEstimate[]) {
    this.options = options;
    this.compared = compared;
  }

  private async resolve(wanted: Config): Promise<Resolved> {
    const base = await requireBase(this.options, wanted);
    const resolved = await factsFor(this.options, base, wanted, (key) => this.paceOf(key));
    return { ...base, ...resolved };
  }

  private paceOf(key: PaceKey): number | null {
    return this.livePace(key) ?? decidePace(this.compared, key);
  }

  /** From the speed of the running pass, relative to the reference stored with its estimate. */
  private livePace(key: PaceKey): number | null {
    const { stepsPerSecond } = this.options.metrics.speed();
    const kept = this.current;
    if (kept === null || stepsPerSecond === null || stepsPerSecond <= 0) return null;
    if (!isSamePace(kept, key) || kept.actual !== null) return null;
    return 1 / stepsPerSecond / kept.predicted.reference_seconds_per_step;
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

  /** After a restart, the pass in training still has the estimate that it started with. */
  private async loadCurrent(): Promise<void> {
    const [open] = this.options.datasets.processing();
    const kept = open === undefined ? null : await readKept(this.options.paths, open.id);
    if (kept !== null && kept.pass !== this.current?.pass) this.current = kept;
  }

  async estimate(input: Parameters<EstimateRoom['estimate']>[0]): Promise<EstimateAnswer> {
    const { config } = this.options;
    const wanted = { now: config.planned({}), changed: config.planned(input.changes) };
    await this.loadCurrent();
    const changed = await this.resolve(wanted.changed);
    const now = await this.resolve(wanted.now);
    const dataset = this.chooseDataset(input.dataset);
    const id = dataset?.id ?? null;
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
      queue: await this.queueEstimate(changed),
      record: this.record(),
    };
  }

  private async queueEstimate({ config, facts }: Resolved): Promise<EstimateAnswer['queue']> {
    const sum = { datasets: 0, steps: 0, seconds: 0, rows_over: 0 };
    for (const { id, isReady, held } of this.options.datasets.queued()) {
      if (!isReady || held) continue;
      const dataset = await datasetFacts(this.options, id, config, null);
      if (!dataset.isReal) continue;
      const estimate = estimateOf(config, facts, dataset);
      sum.datasets += 1;
      sum.steps += estimate.steps ?? 0;
      sum.seconds += estimate.time.seconds ?? 0;
      sum.rows_over += estimate.rows_over ?? 0;
    }
    return sum;
  }

  async overLong(id: string): Promise<OverLongAnswer> {
    const { name } = this.options.datasets.summary(id);
    const report = await readReport(this.options.paths.dataset(id));
    if (report === null)
      throw new Refusal('NOT_READY', `${name} has no report yet.`, {
        subject: id,
        next: 'The report is available after validation.',
      });
    const limit = this.options.config.values();
    const answer = { max_length: limit.max_length, rows: report.over_length };
    if (report.over_length === 0) return { ...answer, now: null, choices: [] };
    const choices: OverLongChoice[] = [];
    for (const option of optionsFor(report, limit)) {
      const { facts, config } = await this.resolve(
        this.options.config.planned({
          max_length: option.max_length,
          [option.key]: option.value,
        }),
      );
      const dataset = await datasetFacts(this.options, id, config, null);
      const estimate = estimateOf(config, facts, dataset);
      choices.push(overLongChoice(report, limit, option, estimate));
    }
    return { ...answer, now: currentOption(report, limit), choices };
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
