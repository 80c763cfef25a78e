/** The newest readings of CPU and memory, taken once a second. */
import type { Machine as MachineFacts, MemoryStats } from '../../contract/index.ts';
import { gpuOf, type Machine } from '../../machine/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { memoryStatsFrom } from './memory.ts';

const BYTES_PER_MIB = 1048576;

export class MachineReadings {
  private readonly machine: Machine;
  private readonly trainer: TrainerRoom;
  private readonly disk: DiskRoom;
  cpuPercent: number | null = null;
  /** MiB */
  memory = { used_mb: 0, total_mb: 0 };
  private trainerMemory: { readonly pid: number; readonly mb: number | null } | null = null;

  constructor(machine: Machine, trainer: TrainerRoom, disk: DiskRoom) {
    this.machine = machine;
    this.trainer = trainer;
    this.disk = disk;
  }

  async read(): Promise<void> {
    this.cpuPercent = this.machine.cpuPercent();
    const { usedMb, totalMb } = await this.machine.memory();
    this.memory = { used_mb: usedMb, total_mb: totalMb };
    const { pid, alive } = this.trainer.view();
    this.trainerMemory =
      alive && pid !== null ? { pid, mb: await this.machine.residentMegabytes(pid) } : null;
  }

  /** Resident MiB of the trainer; null when it doesn't run or wasn't measured yet. */
  get trainerMb(): number | null {
    const { pid, alive } = this.trainer.view();
    return alive && this.trainerMemory?.pid === pid ? this.trainerMemory.mb : null;
  }

  facts(now: number): MachineFacts {
    const disk = this.disk.reading();
    return {
      cpu_percent: this.cpuPercent,
      memory_used_mb: this.memory.used_mb,
      memory_total_mb: this.memory.total_mb,
      disk_free_gb: disk.freeGb,
      disk_total_gb: disk.totalGb,
      disk_floor_gb: disk.floorGb,
      t: now,
    };
  }

  memoryStats(now: number): MemoryStats {
    const { pid, alive, device } = this.trainer.view();
    return memoryStatsFrom({
      ...this.memory,
      trainer: alive && pid !== null ? { pid, mb: this.trainerMb } : null,
      engine: { pid: process.pid, mb: Math.round(process.memoryUsage.rss() / BYTES_PER_MIB) },
      gpu: gpuOf(this.machine.gpus(), device),
      now,
    });
  }
}
