/** The room's shell: gathers the facts for the formula, keeps estimates and compares them. */
import path from 'node:path';
import {
  type Config,
  datasetReport,
  type DatasetReport,
  type EstimateAnswer,
  type KeptEstimate,
  type OverLongAnswer,
  type OverLongChoice,
  Refusal,
} from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import { readJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import { gpuOf, type Machine } from '../../machine/index.ts';
import { type BaseModel, type BaseModelsRoom, readBaseModel } from '../base-models/index.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { MetricsRoom } from '../metrics/index.ts';
import { resolveForMachine } from '../trainer/index.ts';
import { readActual } from './actual.ts';
import {
  type DatasetFacts,
  type EstimateFacts,
  estimateOf,
  fittingOf,
  levelsOf,
  referenceOf,
} from './estimate.ts';
import { lengthsOf, longestLengths } from './lengths.ts';
import { overLongChoice, currentOption, optionsFor } from './over-long.ts';
import {
  compareText,
  decidePace,
  decideRecord,
  readCompared,
  readKept,
  writeKept,
} from './record.ts';
import { readShape } from './shape.ts';

export interface EstimateOptions {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly datasets: DatasetsRoom;
  readonly disk: DiskRoom;
  readonly journal: Journal;
  readonly metrics: MetricsRoom;
  readonly baseModels: Pick<BaseModelsRoom, 'selected' | 'checkpointBytes'>;
  readonly checkpoints: Pick<CheckpointsRoom, 'ofHead'>;
  readonly clock: Clock;
  readonly machine: Pick<Machine, 'facts' | 'gpus' | 'threads'>;
  readonly failed: (where: string, error: unknown) => void;
}

/** What the queue says of a pass that begins. */
export interface BeginningPass {
  readonly pass: string;
  readonly dataset: string;
  readonly config: Config;
  readonly steps: number;
}

export type EstimateRoom = Awaited<ReturnType<typeof createEstimate>>;

export async function createEstimate(options: EstimateOptions) {
  const changed = new Emitter<void>();
  let compared = await readCompared(options.paths);
  /** The pass that is trained now, or was last. */
  let begun: { readonly pass: string; readonly kept: KeptEstimate } | null = null;

  /** The base that a configuration names; one without a name means the one of the lineage. */
  async function requireBase(config: Config) {
    const known = options.baseModels.selected();
    const { base_model: named } = config;
    const base =
      named === '' || named === known?.id ? known : await readBaseModel(options.paths, named);
    const shape = base === null ? null : await readShape(base.folder, base.parameters);
    if (base !== null && shape !== null) return { base, shape };
    if (named === '' && base === null)
      throw new Refusal('NOT_READY', 'No base model is chosen; an estimate begins with its size.', {
        subject: 'base_model',
        next: 'Choose a base model first.',
      });
    const folder = base?.folder ?? options.paths.base(named);
    throw new Refusal('NOT_READY', `${folder} holds no base model of a known shape.`, {
      subject: folder,
      next: 'Name a folder in models/ with a base.json and a config.json.',
    });
  }

  async function factsFor(
    base: BaseModel,
    shape: EstimateFacts['shape'],
    wanted: Config,
  ): Promise<{ readonly facts: EstimateFacts; readonly config: Config }> {
    const machine = await options.machine.facts();
    const { device, config } = resolveForMachine(wanted, machine);
    const kind = device === 'cpu' ? 'cpu' : 'gpu';
    const gpuMegabytes = gpuOf(options.machine.gpus(), device)?.memoryTotalMb ?? null;
    const gpuMemory = gpuMegabytes === null ? null : gpuMegabytes * 1024 * 1024;
    const disk = options.disk.reading();
    const like = {
      base: base.hash,
      device: kind,
      precision: config.precision === 'fp32' ? 'fp32' : 'bf16',
    } as const;
    return {
      config,
      facts: {
        shape,
        device: kind,
        threads: options.machine.threads,
        totalMemory: kind === 'cpu' ? machine.memoryBytes : gpuMemory,
        checkpointBytes: await options.baseModels.checkpointBytes(),
        checkpointsNow: (await options.checkpoints.ofHead()).length,
        room: disk.freeGb === null ? null : Math.max(0, (disk.freeGb - (disk.floorGb ?? 0)) * 1e9),
        pace: livePace(like) ?? decidePace(compared, like),
      },
    };
  }

  /** From the steps of the pass that runs; it is measured in the same option as the reference that was kept with it. */
  function livePace(like: Pick<KeptEstimate, 'base' | 'device' | 'precision'>): number | null {
    const { stepsPerSecond } = options.metrics.speed();
    const kept = begun?.kept;
    if (kept === undefined || stepsPerSecond === null || stepsPerSecond <= 0) return null;
    if (kept.base !== like.base || kept.device !== like.device) return null;
    if (kept.precision !== like.precision || kept.actual !== null) return null;
    return 1 / stepsPerSecond / kept.predicted.reference_seconds_per_step;
  }

  async function report(id: string): Promise<DatasetReport | null> {
    const parsed = datasetReport.safeParse(
      await readJson(path.join(options.paths.dataset(id), 'report.json')).catch(() => null),
    );
    return parsed.success ? parsed.data : null;
  }

  async function datasetFacts(
    id: string | null,
    config: Config,
    steps: number | null,
  ): Promise<DatasetFacts> {
    const known = id === null ? null : await report(id);
    const lengths = known === null ? null : lengthsOf(known, config);
    if (known === null || lengths === null)
      return {
        lengths: longestLengths(config),
        heldOutRows: 0,
        isReal: false,
        steps: null,
        hasCache: true,
      };
    const held = known.held_out.slice + known.held_out.core;
    const core = Math.min(config.eval_samples, Math.max(held, config.validation.core_rows));
    return {
      lengths,
      heldOutRows: Math.min(config.eval_samples, known.held_out.slice) + core,
      isReal: true,
      steps,
      hasCache: known.cache !== null,
    };
  }

  /** The one that was asked for, else the next that is ready, else the one in training. */
  function chosen(asked: string | null): { id: string; name: string } | null {
    if (asked !== null) {
      const { id, name } = options.datasets.summary(asked);
      return { id, name };
    }
    const next = options.datasets.queued().find((dataset) => dataset.isReady && !dataset.held);
    const entry = next ?? options.datasets.processing()[0] ?? null;
    return entry === null ? null : { id: entry.id, name: entry.name };
  }

  /** A pass that a crash or a restart interrupted keeps the estimate that it began with. */
  async function remember(): Promise<void> {
    const open = options.datasets.processing()[0];
    const kept = open === undefined ? null : await readKept(options.paths, open.id);
    if (kept !== null && kept.pass !== begun?.pass) begun = { pass: kept.pass, kept };
  }

  /** `dataset` null: the next one. Refusals NOT_READY, NOT_FOUND, INVALID. */
  async function estimate(input: {
    readonly changes: Readonly<Record<string, unknown>>;
    readonly dataset: string | null;
  }): Promise<EstimateAnswer> {
    const wanted = {
      now: options.config.planned({}),
      changed: options.config.planned(input.changes),
    };
    const { base, shape } = await requireBase(wanted.changed);
    const today = await requireBase(wanted.now);
    await remember();
    const dataset = chosen(input.dataset);
    const now = await factsFor(today.base, today.shape, wanted.now);
    const next = await factsFor(base, shape, wanted.changed);
    const before = await datasetFacts(dataset?.id ?? null, now.config, null);
    const after = await datasetFacts(dataset?.id ?? null, next.config, null);
    const queue = { datasets: 0, steps: 0, seconds: 0, rows_over: 0 };
    for (const dataset of options.datasets
      .queued()
      .filter((waiting) => waiting.isReady && !waiting.held)) {
      const facts = await datasetFacts(dataset.id, next.config, null);
      if (!facts.isReal) continue;
      const part = estimateOf(next.config, next.facts, facts);
      queue.datasets += 1;
      queue.steps += part.steps ?? 0;
      queue.seconds += part.time.seconds ?? 0;
      queue.rows_over += part.rows_over ?? 0;
    }
    return {
      dataset: after.isReal ? dataset : null,
      base: { id: base.id, label: base.label, parameters: shape.parameters },
      now: estimateOf(now.config, now.facts, before),
      changed: estimateOf(next.config, next.facts, after),
      levels: levelsOf(next.config, next.facts, after),
      fitting: fittingOf(next.config, next.facts, after),
      queue,
      record: decideRecord(compared),
    };
  }

  /** Never throws: an estimate that cannot be made does not hold up training. */
  async function safely(where: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refusal)) options.failed(`estimate.${where}`, error);
    }
  }

  /** What each option with the rows that are too long would take. Refusals NOT_FOUND, NOT_READY. */
  async function overLong(id: string): Promise<OverLongAnswer> {
    const { name } = options.datasets.summary(id);
    const known = await report(id);
    if (known === null)
      throw new Refusal('NOT_READY', `${name} has no report yet.`, {
        subject: id,
        next: 'It comes when the file has been read to its end.',
      });
    const limit = options.config.values();
    const answer = { max_length: limit.max_length, rows: known.over_length };
    if (known.over_length === 0) return { ...answer, now: null, choices: [] };
    const choices: OverLongChoice[] = [];
    for (const option of optionsFor(known, limit)) {
      const wanted = options.config.planned({
        max_length: option.max_length,
        [option.key]: option.value,
      });
      const { base, shape } = await requireBase(wanted);
      const { facts, config } = await factsFor(base, shape, wanted);
      const made = estimateOf(config, facts, await datasetFacts(id, config, null));
      choices.push(overLongChoice(known, limit, option, made));
    }
    return { ...answer, now: currentOption(known, limit), choices };
  }

  return {
    changed,
    estimate,
    overLong,
    record: () => decideRecord(compared),
    kept: (dataset: string): Promise<KeptEstimate | null> => readKept(options.paths, dataset),
    /** Writes the estimate of a pass before its first run. */
    begin: (beginningPass: BeginningPass): Promise<void> =>
      safely('begin', async () => {
        const { base, shape } = await requireBase(beginningPass.config);
        const { facts, config } = await factsFor(base, shape, beginningPass.config);
        const dataset = await datasetFacts(beginningPass.dataset, config, beginningPass.steps);
        if (!dataset.isReal) return;
        const made = estimateOf(config, facts, dataset);
        const kept: KeptEstimate = {
          format: 1,
          pass: beginningPass.pass,
          t: options.clock.now(),
          base: base.hash,
          device: facts.device,
          precision: config.precision === 'fp32' ? 'fp32' : 'bf16',
          predicted: {
            steps: beginningPass.steps,
            seconds: made.time.seconds ?? 0,
            seconds_per_step: made.time.seconds_per_step,
            reference_seconds_per_step: referenceOf(config, facts, dataset),
            certainty: made.time.certainty,
            memory: made.memory.bytes,
          },
          actual: null,
        };
        await writeKept(options.paths, beginningPass.dataset, kept);
        begun = { pass: beginningPass.pass, kept };
      }),
    /** Compares the estimate of a pass that is over with what it took, and journals it. */
    settle: (
      dataset: { readonly id: string; readonly name: string },
      pass: string,
    ): Promise<void> =>
      safely('settle', async () => {
        const kept = await readKept(options.paths, dataset.id);
        if (kept === null || kept.pass !== pass) return;
        const actual = await readActual(options.paths, pass, kept.t);
        const told: KeptEstimate = { ...kept, actual };
        await writeKept(options.paths, dataset.id, told);
        begun = null;
        compared = [...compared.filter((estimate) => estimate.pass !== pass), told].filter(
          (estimate) => estimate.actual !== null,
        );
        options.journal.write({
          what: 'estimate.compared',
          text: compareText(dataset.name, told),
          dataset: dataset.id,
          evidence: { pass, predicted: kept.predicted, actual },
        });
        changed.emit(undefined);
      }),
  };
}
