/** One estimate from one set of facts: the parts put together. Pure. */
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
import { heldOutTokens, referenceSecondsPerStep, secondsOfPass, type TimeInput } from './time.ts';

/** What an estimate rests on beside the configuration. Bytes. */
export interface EstimateFacts {
  readonly shape: ModelShape;
  readonly device: 'gpu' | 'cpu';
  readonly threads: number;
  /** The device's memory; null: not known. */
  readonly totalMemory: number | null;
  readonly checkpointBytes: number;
  readonly checkpointsNow: number;
  /** Free bytes above the floor; null: not known. */
  readonly room: number | null;
  /** How much slower this machine is than the recorded one; null: no step was measured. */
  readonly pace: number | null;
}

/** A configuration after `auto` was answered by the machine. */
export type ResolvedConfig = Config;

export interface DatasetFacts {
  readonly lengths: Lengths;
  readonly heldOutRows: number;
  /** A dataset is meant; false: only the longest row that is allowed. */
  readonly isReal: boolean;
  /** Steps that are left, when a part of it was trained already; null: all. */
  readonly steps: number | null;
  /** Its token cache is written already. */
  readonly hasCache: boolean;
}

const precisionOf = (config: ResolvedConfig): 'bf16' | 'fp32' =>
  config.precision === 'fp32' ? 'fp32' : 'bf16';

/** A row of the token cache's table, in bytes, and a token with its label. */
const [bytesOfRow, bytesOfToken] = [48, 5];

function diskOf(config: Config, facts: EstimateFacts, dataset: DatasetFacts): DiskEstimate {
  const { checkpointBytes: value, checkpointsNow, shape, room } = facts;
  // A new one is written whole before the oldest goes.
  const checkpoints = Math.max(0, config.keep_checkpoints + 1 - checkpointsNow) * value;
  const { rows, mean } = dataset.lengths;
  const cache = dataset.hasCache || !dataset.isReal ? 0 : rows * (mean * bytesOfToken + bytesOfRow);
  const parts = [
    { part: 'checkpoints' as const, bytes: checkpoints },
    // It shares the weights of its checkpoint, and keeps them when that goes.
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

/** The reference that a measured pace is a multiple of, in seconds a step. */
export const referenceOf = (
  config: ResolvedConfig,
  facts: EstimateFacts,
  dataset: DatasetFacts,
): number => referenceSecondsPerStep(timeInput(config, facts, dataset));

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
          : secondsOfPass(config, {
              steps,
              secondsPerStep,
              checkpointBytes: facts.checkpointBytes,
              heldOutTokens: heldOutTokens(dataset.heldOutRows, dataset.lengths),
              tokensPerStep: layout.tokens,
            }),
      certainty: facts.pace === null ? 'reference' : 'measured',
      tokens_per_step: layout.tokens,
    },
    disk: diskOf(config, facts, dataset),
  };
}

/** The batch sizes that are shown side by side, and the one that is asked about when it is another. */
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

/** The largest micro-batch that fits, where the configuration does not; null: it fits, or none does. */
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
