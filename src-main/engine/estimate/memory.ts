/**
 * Memory at the peak of a step, in bytes, counted from what the trainer keeps (model.py, loss.py, attention.py): no fitted totals.
 * Checked against measured peaks by `benchmarks/estimate.mjs`. Pure.
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
/** Python, torch and transformers resident on a CPU; the driver's context and the kernels' libraries on a GPU. */
const programBytes = { cpu: 400 * MiB, gpu: 700 * MiB };
/** Kernels for bf16 on a CPU, one for each of the last 64 shapes (`__main__.py`), as measured. */
const kernelBytes = 200 * MiB;
/** Labelled positions whose logits exist at once (`CHUNK` of model.py). */
const LOSS_CHUNK = 512;

/** What one layer keeps of one token for the backward pass. `plainShare`: of the tokens, in rows up to PLAIN_LENGTH. */
export function keptByLayer(
  shape: ModelShape,
  precision: 'bf16' | 'fp32',
  longest: number,
  plainShare: number,
): number {
  const size = precision === 'bf16' ? 2 : 4;
  const width = shape.heads * shape.headSize;
  // Two norms: their input and result in fp32, and what the products read.
  const norms = shape.hidden * (precision === 'bf16' ? 16 : 24);
  // Queries, keys and values as the heads see them, and what they give.
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
  const kept = keptByLayer(shape, precision, layout.longest, layout.plainShare);
  // Beside what all layers keep, the one that is worked on holds its gradients.
  const activations = layout.largest * kept * (shape.layers + 1.5);
  const labeled = Math.min(LOSS_CHUNK, Math.ceil(layout.largest * trainedShare));
  const table = shape.vocabulary * shape.hidden;
  const loss = labeled * shape.vocabulary * (4 + 4) + table * (4 + size);
  // The sums of the step, and the gradients of the micro-batch that is being worked on.
  const sums = 4 * parameters;
  const fresh = precision === 'bf16' || layout.parts > 1 ? size * parameters : 0;
  const before = layout.parts > 1 ? sums : 0;
  const atStart = before + activations + loss;
  const atEnd = sums + fresh + layout.largest * kept * 1.5;
  const isEnd = atEnd > atStart;
  const parts: { part: MemoryPart; bytes: number }[] = [
    {
      part: 'runtime',
      bytes: programBytes[device] + (device === 'cpu' && precision === 'bf16' ? kernelBytes : 0),
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
