/** Memory of the machine, the trainer, the engine and the GPU, for the memory port and for scripts. Pure. */
import type { MemoryStats } from '../../contract/index.ts';
import type { GpuReading } from '../../machine/index.ts';

/** With less free memory than this fraction the status is `tight`. */
const TIGHT_FRACTION = 0.1;

export function memoryStatsFrom(readings: {
  readonly used_mb: number;
  readonly total_mb: number;
  readonly trainer: { readonly pid: number; readonly mb: number | null } | null;
  readonly engine: { readonly pid: number; readonly mb: number | null };
  readonly gpu: GpuReading | null;
  readonly now: number;
}): MemoryStats {
  const used = readings.total_mb > 0 ? readings.used_mb / readings.total_mb : 0;
  return {
    format: 1,
    status: used > 1 - TIGHT_FRACTION ? 'tight' : 'ok',
    host: {
      used_mb: readings.used_mb,
      total_mb: readings.total_mb,
      percent: Math.round(used * 1000) / 10,
    },
    trainer:
      readings.trainer === null
        ? null
        : { pid: readings.trainer.pid, resident_mb: readings.trainer.mb },
    engine: { pid: readings.engine.pid, resident_mb: readings.engine.mb },
    gpu:
      readings.gpu === null
        ? null
        : {
            name: readings.gpu.name,
            used_mb: readings.gpu.memoryUsedMb,
            total_mb: readings.gpu.memoryTotalMb,
          },
    updated_at: readings.now,
  };
}
