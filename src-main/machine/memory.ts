import { readFile } from 'node:fs/promises';
import type { Systeminformation } from 'systeminformation';
import { unlessTemporary } from '../kit/system-errors.ts';

const MEBIBYTE = 1_048_576;

/** MiB. */
export interface MemoryReading {
  readonly usedMb: number;
  readonly totalMb: number;
}

/** Uses `available`, not `free`: the file cache is given back when a program needs it. Pure. */
export function memoryFrom(
  reading: Pick<Systeminformation.MemData, 'total' | 'available'>,
): MemoryReading {
  return {
    usedMb: Math.round((reading.total - reading.available) / MEBIBYTE),
    totalMb: Math.round(reading.total / MEBIBYTE),
  };
}

/** Resident MiB of one process; null where there is no /proc. */
export async function residentMegabytes(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(unlessTemporary(''));
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(text)?.[1];
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1024);
}
