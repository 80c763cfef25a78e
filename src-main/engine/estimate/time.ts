/**
 * Seconds of a step and of a pass. The shape decides how much arithmetic there is; how fast it goes is taken from steps that were
 * measured on this machine, else from recorded ones (`benchmarks/RESULTS.md`). Pure.
 */
import type { Config } from '../../contract/index.ts';
import type { Layout, Lengths } from './lengths.ts';
import { embeddingOf, type ModelShape } from './shape.ts';

export interface TimeInput {
  readonly shape: ModelShape;
  readonly precision: 'bf16' | 'fp32';
  readonly device: 'gpu' | 'cpu';
  readonly threads: number;
  readonly layout: Layout;
  readonly trainedShare: number;
}

/** Operations a second: a core of the recorded machine (avx512_bf16), and a 24 GB card. */
const operations = {
  cpu: { bf16: 130e9, fp32: 55e9 },
  gpu: { bf16: 40e12, fp32: 15e12 },
};
/** Seconds that a layer costs whatever the number of tokens, forward and backward. */
const layerSeconds = { cpu: 4e-3, gpu: 6e-4 };
/** Bytes a second that the optimizer moves. */
const optimiserRate = { cpu: 4e9, gpu: 400e9 };

/** Forward and backward of one token in floating-point operations. */
export function operationsOfToken(
  shape: ModelShape,
  longest: number,
  trainedShare: number,
): number {
  const body = 6 * Math.max(0, shape.parameters - embeddingOf(shape));
  const attention = 12 * shape.layers * shape.heads * shape.headSize * (longest / 2);
  const head = 6 * embeddingOf(shape) * trainedShare;
  return body + attention + head;
}

/** What the recorded machine would take for a step. */
export function referenceSecondsPerStep(input: TimeInput): number {
  const { shape, precision, device, layout } = input;
  const cores = device === 'cpu' ? Math.max(1, input.threads) : 1;
  const work = layout.tokens * operationsOfToken(shape, layout.longest, input.trainedShare);
  return (
    work / (operations[device][precision] * cores) +
    layout.parts * shape.layers * layerSeconds[device] +
    (shape.parameters * 32) / optimiserRate[device]
  );
}

/** Recorded: a trainer's start until its first step. */
const startSeconds = 12;
/** Bytes a second that a checkpoint is written, synced and hashed with. */
const saveRate = 0.4e9;

export interface PassTime {
  readonly steps: number;
  readonly secondsPerStep: number;
  readonly checkpointBytes: number;
  /** Validation rows and their tokens, core and slice together. */
  readonly heldOutTokens: number;
  readonly tokensPerStep: number;
}

/** The trainer's time for a whole pass: start, steps, evaluations (losses alone; answers depend on the model), saves. */
export function secondsOfPass(
  config: Pick<Config, 'eval_steps' | 'save_steps'>,
  pass: PassTime,
): number {
  const evaluations = 2 + Math.floor(Math.max(0, pass.steps - 1) / config.eval_steps);
  const saves = Math.ceil(pass.steps / config.save_steps);
  // Without a backward pass a token costs a third.
  const evaluation =
    pass.tokensPerStep <= 0
      ? 0
      : (pass.heldOutTokens / pass.tokensPerStep) * (pass.secondsPerStep / 3);
  return (
    startSeconds +
    pass.steps * pass.secondsPerStep +
    evaluations * evaluation +
    saves * (pass.checkpointBytes / saveRate)
  );
}

/** Heldout rows are about as long as the trained ones. */
export const heldOutTokens = (rows: number, lengths: Lengths): number => rows * lengths.mean;
