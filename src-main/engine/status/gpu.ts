/** The GPU in the shape of the contract. Pure. */
import type { z } from 'zod';
import type { gpu } from '../../contract/index.ts';
import type { GpuReading } from '../../machine/index.ts';

export function gpuShown(reading: GpuReading | null): z.infer<typeof gpu> | null {
  return reading === null
    ? null
    : {
        name: reading.name,
        uuid: reading.uuid,
        utilization: reading.utilization,
        memory_used_mb: reading.memoryUsedMb,
        memory_total_mb: reading.memoryTotalMb,
        temperature: reading.temperature,
        power: reading.power,
      };
}
