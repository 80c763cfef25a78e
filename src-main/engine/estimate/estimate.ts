/** The estimate of a configuration from the gathered facts. Pure. */
import {
  type Config,
  type DiskEstimate,
  ESTIMATE_LEVELS,
  type EstimateAnswer,
  type EstimateLevel,
  type PassEstimate,
  verdictOf,
} from '../../contract/index.ts';
import { plannedSteps } from '../datasets/index.ts';
import { layoutOf, type Lengths } from './lengths.ts';
import { memoryOf } from './memory.ts';
import type { ModelShape } from './shape.ts';
import { overheadOf, type OverheadInput } from './overhead.ts';
import { heldOutTokens, referenceSecondsPerStep, type TimeInput } from './time.ts';

/** What an estimate is based on besides the configuration and the dataset. Bytes. */
export interface EstimateFacts {
  readonly shape: ModelShape;
  readonly device: 'gpu' | 'cpu';
  readonly threads: number;
  /** Memory of the device; null when unknown. */
  readonly totalMemory: number | null;
  readonly checkpointBytes: number;
  readonly checkpointsNow: number;
  /** Free bytes above the minimum free space; null when unknown. */
  readonly room: number | null;
  /** How much slower than the reference this machine is; null when no step was measured. */
  readonly pace: number | null;
  /** The same for start, evaluations and saves; null when no pass was measured. */
  readonly overheadPace?: number | null;
}

/** A configuration in which `auto` is resolved for the machine. */
export type ResolvedConfig = Config;

export interface DatasetFacts {
  readonly lengths: Lengths;
  /** Validation rows that an evaluation reads. */
  readonly heldOutRows: number;
  /** Of the file; missing without a report. */
  readonly rows?: number;
  /** Questions that an evaluation asks. */
  readonly questions?: number;
  /** False: no dataset, rows as long as max_length allows. */
  readonly isReal: boolean;
  /** Remaining steps of a partly trained dataset; null: all. */
  readonly steps: number | null;
  /** Its token cache exists. */
  readonly hasCache: boolean;
}

const precisionOf = (config: ResolvedConfig): 'bf16' | 'fp32' =>
  config.precision === 'fp32' ? 'fp32' : 'bf16';

/** In the token cache: a row of its table, and a token with its label. */
const BYTES_PER_ROW = 48;
const BYTES_PER_TOKEN = 5;

function diskOf(config: Config, facts: EstimateFacts, dataset: DatasetFacts): DiskEstimate {
  const { checkpointBytes: value, checkpointsNow, shape, room } = facts;
  // A new checkpoint is complete before the oldest is deleted.
  const checkpoints = Math.max(0, config.keep_checkpoints + 1 - checkpointsNow) * value;
  const { rows, mean } = dataset.lengths;
  const cache =
    dataset.hasCache || !dataset.isReal ? 0 : rows * (mean * BYTES_PER_TOKEN + BYTES_PER_ROW);
  const parts = [
    { part: 'checkpoints' as const, bytes: checkpoints },
    // Hard links to the weights of its checkpoint, which use space once the checkpoint is deleted.
    { part: 'version' as const, bytes: shape.parameters * 4 },
    { part: 'token_cache' as const, bytes: Math.round(cache) },
  ];
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return {
    parts,
    bytes,
    checkpoint_bytes: value,
    checkpoints_kept: config.keep_checkpoints,
    room,
    verdict: verdictOf(bytes, room),
  };
}

function timeInput(config: ResolvedConfig, facts: EstimateFacts, dataset: DatasetFacts): TimeInput {
  return {
    shape: facts.shape,
    precision: precisionOf(config),
    device: facts.device,
    threads: facts.threads,
    layout: layoutOf(config, dataset.lengths),
    trainedShare: dataset.lengths.trainedShare,
  };
}

/** Seconds per step of the reference machine; a pace is a multiple of this. */
export const referenceOf = (
  config: ResolvedConfig,
  facts: EstimateFacts,
  dataset: DatasetFacts,
): number => referenceSecondsPerStep(timeInput(config, facts, dataset));

/** What a pass costs beside its steps, without a pace. */
export function overheadInput(
  config: ResolvedConfig,
  facts: EstimateFacts,
  dataset: DatasetFacts,
  pass: { readonly steps: number; readonly done: number },
): Omit<OverheadInput, 'secondsPerStep'> {
  return {
    ...pass,
    shape: facts.shape,
    device: facts.device,
    tokensPerStep: layoutOf(config, dataset.lengths).tokens,
    checkpointBytes: facts.checkpointBytes,
    heldOutTokens: heldOutTokens(dataset.heldOutRows, dataset.lengths),
    questions: dataset.questions ?? 0,
    longestAnswer: dataset.lengths.longestAnswer,
  };
}

/** Seconds of a whole pass beside its steps on the reference machine; an overhead pace is a multiple of this. */
export const referenceOverhead = (
  config: ResolvedConfig,
  facts: EstimateFacts,
  dataset: DatasetFacts,
  steps: number,
): number =>
  overheadOf(config, {
    ...overheadInput(config, facts, dataset, { steps, done: 0 }),
    secondsPerStep: referenceOf(config, facts, dataset),
  }).seconds;

export function estimateOf(
  config: ResolvedConfig,
  facts: EstimateFacts,
  dataset: DatasetFacts,
): PassEstimate {
  const input = timeInput(config, facts, dataset);
  const { layout } = input;
  const memory = memoryOf({ ...input, trainedShare: dataset.lengths.trainedShare });
  const secondsPerStep = referenceSecondsPerStep(input) * (facts.pace ?? 1);
  const steps = dataset.isReal
    ? (dataset.steps ?? plannedSteps(dataset.lengths.rows, config))
    : null;
  return {
    steps,
    rows_over: dataset.isReal ? dataset.lengths.over : null,
    trained_rows: dataset.isReal ? dataset.lengths.rows : null,
    memory: {
      parts: memory.parts.map(({ part, bytes }) => ({ part, bytes: Math.round(bytes) })),
      bytes: Math.round(memory.bytes),
      total: facts.totalMemory,
      device: facts.device,
      verdict: verdictOf(memory.bytes, facts.totalMemory),
      tokens_at_once: layout.largest,
    },
    time: {
      seconds_per_step: secondsPerStep,
      seconds:
        steps === null
          ? null
          : steps * secondsPerStep +
            referenceOverhead(config, facts, dataset, steps) *
              (facts.overheadPace ?? facts.pace ?? 1),
      certainty: facts.pace === null ? 'reference' : 'measured',
      tokens_per_step: layout.tokens,
    },
    disk: diskOf(config, facts, dataset),
  };
}

/** The batch sizes of the comparison, with the configured one. */
export function levelsOf(
  config: ResolvedConfig,
  facts: EstimateFacts,
  dataset: DatasetFacts,
): EstimateLevel[] {
  return [...new Set([...ESTIMATE_LEVELS, config.batch_size])]
    .sort((a, b) => a - b)
    .map((batch_size) => {
      const estimate = estimateOf({ ...config, batch_size }, facts, { ...dataset, steps: null });
      return {
        batch_size,
        steps: estimate.steps,
        seconds_per_step: estimate.time.seconds_per_step,
        memory: estimate.memory.bytes,
        verdict: estimate.memory.verdict,
      };
    });
}

/** The largest micro-batch that fits; null when the configuration fits, or no micro-batch does. */
export function fittingOf(
  config: ResolvedConfig,
  facts: EstimateFacts,
  dataset: DatasetFacts,
): EstimateAnswer['fitting'] {
  const whole = estimateOf(config, facts, dataset);
  if (whole.memory.verdict === null || whole.memory.verdict === 'fits') return null;
  for (const micro_batch of [64, 32, 16, 8, 4, 2, 1]) {
    const estimate = estimateOf({ ...config, micro_batch }, facts, dataset);
    if (estimate.memory.verdict === 'fits')
      return {
        micro_batch,
        memory: estimate.memory.bytes,
        slower: estimate.time.seconds_per_step / whole.time.seconds_per_step - 1,
      };
  }
  return null;
}
