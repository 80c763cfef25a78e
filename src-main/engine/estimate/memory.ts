/**
 * Peak memory of a step in bytes, counted from the tensors that the trainer allocates, not fitted.
 * `benchmarks/estimate.mjs` compares it with measured peaks. Pure.
 */
import type { MemoryPart } from '../../contract/index.ts';
import { type Layout, PLAIN_LENGTH } from './lengths.ts';
import type { ModelShape } from './shape.ts';

export interface MemoryInput {
  readonly shape: ModelShape;
  readonly precision: 'bf16' | 'fp32';
  readonly device: 'gpu' | 'cpu';
  readonly layout: Layout;
  readonly trainedShare: number;
}

export interface MemoryParts {
  readonly parts: readonly { readonly part: MemoryPart; readonly bytes: number }[];
  readonly bytes: number;
}

const MiB = 1024 * 1024;
/** CPU: Python, torch and transformers. GPU: CUDA context and kernel libraries. */
const RUNTIME_BYTES = { cpu: 400 * MiB, gpu: 700 * MiB };
/** Cached bf16 kernels on a CPU, for the last 64 shapes; measured. */
const KERNEL_BYTES = 200 * MiB;
/** Labeled positions whose logits are in memory at once (`CHUNK` of the trainer). */
const LOSS_CHUNK = 512;

/** Activation bytes that one layer stores per token. `plainShare`: fraction of tokens in rows up to PLAIN_LENGTH. */
export function activationsPerToken(
  shape: ModelShape,
  precision: 'bf16' | 'fp32',
  longest: number,
  plainShare: number,
): number {
  const size = precision === 'bf16' ? 2 : 4;
  const width = shape.heads * shape.headSize;
  // Two norms: input and output in fp32, and the input of the next matmul.
  const norms = shape.hidden * (precision === 'bf16' ? 16 : 24);
  // Queries, keys, values per head, and the output.
  const heads = (longest <= PLAIN_LENGTH ? 4 : 5) * width * size;
  // Gate, its activation, up, and their product.
  const inner = 4 * shape.inner * size;
  const table =
    plainShare * shape.heads * Math.min(longest, PLAIN_LENGTH) * (precision === 'bf16' ? 6 : 4);
  const headNorms = shape.hasHeadNorms ? 8 * shape.headSize * (shape.heads + shape.keyHeads) : 0;
  return norms + heads + headNorms + inner + table;
}

export function memoryOf({
  shape,
  precision,
  device,
  layout,
  trainedShare,
}: MemoryInput): MemoryParts {
  const { parameters } = shape;
  const size = precision === 'bf16' ? 2 : 4;
  const kept = activationsPerToken(shape, precision, layout.longest, layout.plainShare);
  // In addition to the stored activations, the layer in the backward pass holds gradients.
  const activations = layout.largest * kept * (shape.layers + 1.5);
  const labeled = Math.min(LOSS_CHUNK, Math.ceil(layout.largest * trainedShare));
  const table = shape.vocabulary * shape.hidden;
  const loss = labeled * shape.vocabulary * (4 + 4) + table * (4 + size);
  // Accumulated gradients of the step, and gradients of the current micro-batch.
  const sums = 4 * parameters;
  const fresh = precision === 'bf16' || layout.parts > 1 ? size * parameters : 0;
  const before = layout.parts > 1 ? sums : 0;
  const atStart = before + activations + loss;
  const atEnd = sums + fresh + layout.largest * kept * 1.5;
  const isEnd = atEnd > atStart;
  const parts: { part: MemoryPart; bytes: number }[] = [
    {
      part: 'runtime',
      bytes: RUNTIME_BYTES[device] + (device === 'cpu' && precision === 'bf16' ? KERNEL_BYTES : 0),
    },
    { part: 'weights', bytes: 4 * parameters },
    ...(precision === 'bf16' ? [{ part: 'bf16_weights' as const, bytes: 2 * parameters }] : []),
    { part: 'optimizer_states', bytes: 8 * parameters },
    { part: 'gradients', bytes: isEnd ? sums + fresh : before },
    { part: 'activations', bytes: isEnd ? layout.largest * kept * 1.5 : activations },
    { part: 'logits_buffer', bytes: isEnd ? 0 : loss },
  ];
  return { parts, bytes: parts.reduce((sum, part) => sum + part.bytes, 0) };
}
