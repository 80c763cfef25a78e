/**
 * Machine: what this computer has (GPUs, processor, memory, disks) and how busy it is, read in one place.
 * Promises: a value that the system doesn't report is null, never a guess; a reading never blocks the event loop.
 * Never: knows about training, the workspace or its files.
 */
import { existsSync } from 'node:fs';
import os from 'node:os';
import systeminformation from 'systeminformation';
import { type Clock, systemClock } from '../kit/clock.ts';
import { diskSpace, type DiskSpace } from './disk.ts';
import { createGpuReader, type GpuReading } from './gpu.ts';
import { memoryFrom, type MemoryReading, residentMegabytes } from './memory.ts';
import { createLoad, hasFastBf16, processorName } from './processor.ts';

export { diskSpace, type DiskSpace } from './disk.ts';
export { gpuOf, type GpuReading, parseGpuLine, visibleGpus } from './gpu.ts';
export { memoryFrom, type MemoryReading, residentMegabytes } from './memory.ts';
export { createLoad, hasFastBf16, processorName } from './processor.ts';

/** What doesn't change while the program runs. */
export interface MachineFacts {
  readonly platform: NodeJS.Platform;
  /** As the system names it; empty when it doesn't. */
  readonly processor: string;
  /** Logical processors of the machine. */
  readonly cores: number;
  /** The processor multiplies bf16 natively. */
  readonly hasFastBf16: boolean;
  /** An NVIDIA driver is installed, even if it doesn't answer at the moment. */
  readonly hasGpu: boolean;
  /** The GPUs when the program started; empty while the driver doesn't answer. */
  readonly gpus?: readonly GpuReading[];
  readonly memoryBytes: number;
}

export interface Machine {
  /** Logical processors that this process may use; fewer than `cores` under a CPU affinity. */
  readonly threads: number;
  /** Read once. */
  facts(): Promise<MachineFacts>;
  memory(): Promise<MemoryReading>;
  /** Percent of CPU time that was busy since the last call; null at the first. */
  cpuPercent(): number | null;
  residentMegabytes(pid: number): Promise<number | null>;
  disk(folder: string): Promise<DiskSpace | null>;
  /** By index, at most 10 s old; empty without an NVIDIA driver and until its first report. */
  gpus(): readonly GpuReading[];
  /** Waits for the first report; null when a driver is installed but doesn't answer. */
  knownGpus(): Promise<readonly GpuReading[] | null>;
  close(): void;
}

/** On Linux a reading is one small file; elsewhere systeminformation starts vm_stat or PowerShell. */
const SECONDS_BETWEEN_MEMORY_READINGS = process.platform === 'linux' ? 0.5 : 15;
/** One of them exists wherever an NVIDIA driver is installed. */
const DRIVER_FILES = [
  '/dev/nvidiactl',
  'C:\\Windows\\System32\\nvml.dll',
  // WSL2 has the driver of Windows, in a folder that is not in the PATH of every process.
  '/usr/lib/wsl/lib/libcuda.so.1',
];
const WSL_TOOL = '/usr/lib/wsl/lib/nvidia-smi';

export interface MachineOptions {
  readonly clock?: Clock;
  /** The driver's tool: a name that is looked for in PATH, or a path. */
  readonly nvidiaSmi?: string;
  readonly driverFiles?: readonly string[];
}

export function createMachine(options: MachineOptions = {}): Machine {
  const clock = options.clock ?? systemClock;
  const tool = existsSync(WSL_TOOL) ? WSL_TOOL : 'nvidia-smi';
  const gpu = createGpuReader({ clock, command: options.nvidiaSmi ?? tool });
  const cpuPercent = createLoad();
  const hasDriver = (options.driverFiles ?? DRIVER_FILES).some((file) => existsSync(file));
  let facts: Promise<MachineFacts> | null = null;
  let memory: { readonly t: number; readonly reading: Promise<MemoryReading> } | null = null;

  async function knownGpus(): Promise<readonly GpuReading[] | null> {
    await gpu.ready();
    const known = gpu.latest();
    return known.length === 0 && hasDriver ? null : known;
  }

  async function readFacts(): Promise<MachineFacts> {
    const cpu = await systeminformation.cpu();
    const gpus = (await knownGpus()) ?? [];
    return {
      platform: process.platform,
      processor: processorName(cpu),
      cores: os.cpus().length,
      hasFastBf16: hasFastBf16(cpu.flags),
      hasGpu: hasDriver || gpus.length > 0,
      gpus,
      memoryBytes: os.totalmem(),
    };
  }

  return {
    threads: os.availableParallelism(),
    facts: () => (facts ??= readFacts()),
    memory() {
      const now = clock.monotonic();
      if (memory === null || now - memory.t >= SECONDS_BETWEEN_MEMORY_READINGS)
        memory = { t: now, reading: systeminformation.mem().then(memoryFrom) };
      return memory.reading;
    },
    cpuPercent,
    residentMegabytes,
    disk: diskSpace,
    gpus: () => gpu.latest(),
    knownGpus,
    close: () => {
      gpu.close();
    },
  };
}
