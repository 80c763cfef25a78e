/** Readings of the machine: load, memory, and the GPU through one long-lived reader. Cheap, at most once a second. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import type { z } from 'zod';
import type { gpu } from '../../contract/index.ts';

export type Gpu = z.infer<typeof gpu>;

/** Share of busy CPU time since the last call, 0..100; null at the first. */
export function createLoad(cpus: () => readonly os.CpuInfo[] = os.cpus): () => number | null {
  let before: { readonly busy: number; readonly all: number } | null = null;
  return () => {
    let busy = 0;
    let all = 0;
    for (const { times } of cpus()) {
      const sum = times.user + times.nice + times.sys + times.idle + times.irq;
      all += sum;
      busy += sum - times.idle;
    }
    const last = before;
    before = { busy, all };
    if (last === null || all <= last.all) return null;
    return Math.round(((busy - last.busy) / (all - last.all)) * 1000) / 10;
  };
}

/** MiB. `available`, not `free`: file cache is not used memory. */
export async function readMemory(): Promise<{ used_mb: number; total_mb: number }> {
  const total = os.totalmem();
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1];
  const free = available === undefined ? os.freemem() : Number(available) * 1024;
  return { used_mb: Math.round((total - free) / 1048576), total_mb: Math.round(total / 1048576) };
}

/** Resident MiB of one process; null where the system does not say. */
export async function readResident(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(text)?.[1];
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1024);
}

const fields = 'name,uuid,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw';

/** One line of the driver's tool; null when it is none. A value that the card does not tell is null. */
export function parseGpu(line: string): Gpu | null {
  const parts = line.split(',').map((part) => part.trim());
  const [name, uuid] = parts;
  if (parts.length < 7 || name === undefined || uuid === undefined || !uuid.startsWith('GPU-'))
    return null;
  const number = (at: number): number | null => {
    const value = Number(parts[at]);
    return parts[at] === '' || Number.isNaN(value) ? null : value;
  };
  return {
    name,
    uuid,
    utilization: number(2),
    memory_used_mb: number(3),
    memory_total_mb: number(4),
    temperature: number(5),
    power: number(6),
  };
}

export interface GpuReader {
  /** null: no GPU, or none heard of for 10 s. */
  latest(): Gpu | null;
  close(): void;
}

/** Starts the reader where the tool exists; a reader that ends is started again after a minute. `now` in seconds. */
export function readGpu(now: () => number): GpuReader {
  let latest: { readonly value: Gpu; readonly t: number } | null = null;
  let child: ChildProcess | null = null;
  let isClosed = false;
  let again: NodeJS.Timeout | null = null;
  const start = (): void => {
    child = spawn(
      'nvidia-smi',
      [`--query-gpu=${fields}`, '--format=csv,noheader,nounits', '-l', '2'],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    let rest = '';
    child.stdout?.on('data', (data: Buffer) => {
      const lines = (rest + data.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const value = parseGpu(line);
        if (value !== null) latest = { value, t: now() };
      }
    });
    // A machine without the tool has no such GPU; nothing is tried again.
    child.on('error', () => {
      isClosed = true;
    });
    child.on('exit', () => {
      if (isClosed) return;
      again = setTimeout(start, 60_000);
      again.unref();
    });
  };
  start();
  return {
    latest: () => (latest !== null && now() - latest.t < 10 ? latest.value : null),
    close() {
      isClosed = true;
      if (again !== null) clearTimeout(again);
      child?.kill();
    },
  };
}
