/**
 * Seconds of a step. The number of operations follows from the architecture; the speed is
 * measured on this machine, else that of the reference machine (`benchmarks/RESULTS.md`). Pure.
 */
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

/** Operations per second of a core of the reference machine (avx512_bf16), and of a 24 GB GPU. */
const OPERATIONS_PER_SECOND = {
  cpu: { bf16: 130e9, fp32: 55e9 },
  gpu: { bf16: 40e12, fp32: 15e12 },
};
/** Fixed seconds per layer and micro-batch, forward and backward. */
const LAYER_SECONDS = { cpu: 4e-3, gpu: 6e-4 };
/** Memory bandwidth of the optimizer step, bytes per second. */
const OPTIMIZER_BYTES_PER_SECOND = { cpu: 4e9, gpu: 400e9 };

/** Floating-point operations per token, forward and backward. */
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

/** Seconds per step of the reference machine. */
export function referenceSecondsPerStep(input: TimeInput): number {
  const { shape, precision, device, layout } = input;
  const cores = device === 'cpu' ? Math.max(1, input.threads) : 1;
  const work = layout.tokens * operationsOfToken(shape, layout.longest, input.trainedShare);
  return (
    work / (OPERATIONS_PER_SECOND[device][precision] * cores) +
    layout.parts * shape.layers * LAYER_SECONDS[device] +
    (shape.parameters * 32) / OPTIMIZER_BYTES_PER_SECOND[device]
  );
}

/** Assumes that held-out rows are as long as trained ones. */
export const heldOutTokens = (rows: number, lengths: Lengths): number => rows * lengths.mean;
