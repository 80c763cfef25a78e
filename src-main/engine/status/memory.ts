/** The memory of the machine, the trainer, the engine and the GPU in one answer, for port 8081 and for scripts. Pure. */
import type { MemoryStats } from '../../contract/index.ts';
import type { GpuReading } from '../../machine/index.ts';

/** Below this share of free memory it is called tight. */
const tightShare = 0.1;

export function memoryStatsFrom(r: {
  readonly used_mb: number;
  readonly total_mb: number;
  readonly trainer: { readonly pid: number; readonly mb: number | null } | null;
  readonly engine: { readonly pid: number; readonly mb: number | null };
  readonly gpu: GpuReading | null;
  readonly now: number;
}): MemoryStats {
  const share = r.total_mb > 0 ? r.used_mb / r.total_mb : 0;
  return {
    format: 1,
    status: share > 1 - tightShare ? 'tight' : 'ok',
    host: {
      used_mb: r.used_mb,
      total_mb: r.total_mb,
      percent: Math.round(share * 1000) / 10,
    },
    trainer: r.trainer === null ? null : { pid: r.trainer.pid, resident_mb: r.trainer.mb },
    engine: { pid: r.engine.pid, resident_mb: r.engine.mb },
    gpu:
      r.gpu === null
        ? null
        : { name: r.gpu.name, used_mb: r.gpu.memoryUsedMb, total_mb: r.gpu.memoryTotalMb },
    updated_at: r.now,
  };
}
