/** Estimates of the scripted engine: the product's own formula on a card of 24 GB and the shape of Qwen3-0.6B. */
import {
  type Config,
  configSchema,
  type EstimateAnswer,
  type DatasetSummary,
  type OverLongAnswer,
  Refusal,
  type Rooms,
} from '../../src-main/contract/index.ts';
import { estimateOf, fittingOf, levelsOf } from '../../src-main/engine/estimate/estimate.ts';
import { lengthsOf, longestLengths } from '../../src-main/engine/estimate/lengths.ts';
import {
  overLongChoice,
  currentOption,
  optionsFor,
} from '../../src-main/engine/estimate/over-long.ts';
import { reportOf } from './scripted-reports.ts';

const facts = {
  shape: {
    parameters: 596_049_920,
    hidden: 1024,
    layers: 28,
    heads: 16,
    keyHeads: 8,
    headSize: 128,
    inner: 3072,
    vocabulary: 151_936,
    hasHeadNorms: true,
  },
  device: 'gpu' as const,
  threads: 8,
  totalMemory: 24_564 * 1024 * 1024,
  checkpointBytes: 7_152_599_040,
  checkpointsNow: 3,
  room: 162e9,
  pace: 1.1,
};

function withChanges(values: Config, changes: Readonly<Record<string, unknown>>): Config {
  const next = structuredClone(values) as Record<string, unknown>;
  for (const [key, value] of Object.entries(changes)) {
    const parts = key.split('.');
    let at = next;
    for (const part of parts.slice(0, -1)) at = at[part] as Record<string, unknown>;
    at[parts.at(-1) ?? key] = value;
  }
  const parsed = configSchema.safeParse(next);
  if (!parsed.success) throw new Refusal('INVALID', 'A change is not allowed.');
  return { ...parsed.data, precision: parsed.data.precision === 'fp32' ? 'fp32' : 'bf16' };
}

function passFacts(dataset: DatasetSummary | null, values: Config) {
  const lengths = dataset === null ? null : lengthsOf(reportOf(dataset), values);
  return {
    lengths: lengths ?? longestLengths(values),
    heldOutRows: 200,
    isReal: lengths !== null,
    steps: null,
    hasCache: true,
  };
}

export function scriptedOverLong(rooms: Rooms, dataset: DatasetSummary): OverLongAnswer {
  const { values } = rooms.config;
  const report = reportOf(dataset);
  const answer = { max_length: values.max_length, rows: report.over_length };
  if (report.over_length === 0) return { ...answer, now: null, choices: [] };
  const choices = optionsFor(report, values).map((option) => {
    const wanted = withChanges(values, { [option.key]: option.value });
    return overLongChoice(
      report,
      values,
      option,
      estimateOf(wanted, facts, passFacts(dataset, wanted)),
    );
  });
  return { ...answer, now: currentOption(report, values), choices };
}

export function scriptedEstimate(
  rooms: Rooms,
  input: { readonly changes: Readonly<Record<string, unknown>>; readonly dataset: string | null },
): EstimateAnswer {
  const { config, datasets } = rooms;
  const waiting = datasets.filter(
    (dataset) => dataset.place === 'queue' && dataset.verdict === 'ready',
  );
  const meant = datasets.find((dataset) => dataset.id === input.dataset) ?? waiting[0] ?? null;
  if (config.values.base_model === '')
    throw new Refusal('NOT_READY', 'No base model is chosen; an estimate begins with its size.', {
      next: 'Choose a base model first.',
    });
  const now = withChanges(config.values, config.staged);
  const changed = withChanges(config.values, { ...config.staged, ...input.changes });
  const queued = waiting.map((dataset) => estimateOf(changed, facts, passFacts(dataset, changed)));
  const sum = (pick: (estimate: (typeof queued)[number]) => number): number =>
    queued.reduce((total, estimate) => total + pick(estimate), 0);
  return {
    dataset: meant === null ? null : { id: meant.id, name: meant.name },
    base: { id: 'smollm2', label: 'Qwen3-0.6B', parameters: facts.shape.parameters },
    now: estimateOf(now, facts, passFacts(meant, now)),
    changed: estimateOf(changed, facts, passFacts(meant, changed)),
    levels: levelsOf(changed, facts, passFacts(meant, changed)),
    fitting: fittingOf(changed, facts, passFacts(meant, changed)),
    queue: {
      datasets: queued.length,
      steps: sum((estimate) => estimate.steps ?? 0),
      seconds: sum((estimate) => estimate.time.seconds ?? 0),
      rows_over: sum((estimate) => estimate.rows_over ?? 0),
    },
    record: {
      count: 5,
      time: { least: -0.08, most: 0.12 },
      memory: { least: -0.04, most: 0.03 },
    },
  };
}
