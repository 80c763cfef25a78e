/** On which device a model is loaded for questions. Pure. */
import { bytes } from '../../contract/format.ts';
import { Refusal } from '../../contract/index.ts';
import type { GpuReading, MemoryReading } from '../../machine/index.ts';

const MEBIBYTE = 1_048_576;
/** Activations, the cache of keys and values, and what the libraries allocate. */
const MORE = { factor: 1.25, bytes: 600 * MEBIBYTE };

export interface LoadFacts {
  readonly model: string;
  readonly requested: 'auto' | 'cpu';
  /** Bytes of the weights in fp32, as they are saved. */
  readonly weightBytes: number;
  readonly hasFastBf16: boolean;
  readonly isTraining: boolean;
  readonly gpus: readonly GpuReading[];
  readonly memory: MemoryReading;
}

export interface Placement {
  readonly device: string;
  readonly precision: 'bf16' | 'fp32';
}

const neededBytes = (weightBytes: number, precision: Placement['precision']): number =>
  (precision === 'bf16' ? weightBytes / 2 : weightBytes) * MORE.factor + MORE.bytes;

/**
 * The GPU with most free memory when no trainer runs and the model fits, else the processor.
 * Refusal NOT_READY when it does not fit there either.
 */
export function chooseDevice(facts: LoadFacts): Placement {
  const freeOf = (gpu: GpuReading): number =>
    ((gpu.memoryTotalMb ?? 0) - (gpu.memoryUsedMb ?? gpu.memoryTotalMb ?? 0)) * MEBIBYTE;
  const [gpu] = [...facts.gpus].sort((a, b) => freeOf(b) - freeOf(a));
  const mayUseGpu = facts.requested === 'auto' && !facts.isTraining;
  if (mayUseGpu && gpu !== undefined && freeOf(gpu) >= neededBytes(facts.weightBytes, 'bf16'))
    return { device: `cuda:${String(gpu.index)}`, precision: 'bf16' };
  const precision = facts.hasFastBf16 ? 'bf16' : 'fp32';
  const needed = neededBytes(facts.weightBytes, precision);
  const free = (facts.memory.totalMb - facts.memory.usedMb) * MEBIBYTE;
  if (needed > free)
    throw new Refusal(
      'NOT_READY',
      `${facts.model} needs about ${bytes(needed)} of memory; ${bytes(free)} are free.`,
      { subject: facts.model, next: 'Close other programs or pause training, then ask again.' },
    );
  return { device: 'cpu', precision };
}
