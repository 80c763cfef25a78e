import os from 'node:os';
import type { Systeminformation } from 'systeminformation';

/** Whether a CPU flag list, separated by spaces, names an instruction set that multiplies bf16. Pure. */
export function hasFastBf16(flags: string): boolean {
  return /\b(amx_bf16|avx512_bf16)\b/.test(flags);
}

/** The manufacturer and its name for the processor, without repeating the first in the second. Pure. */
export function processorName(
  cpu: Pick<Systeminformation.CpuData, 'manufacturer' | 'brand'>,
): string {
  const [manufacturer, brand] = [cpu.manufacturer.trim(), cpu.brand.trim()];
  return brand.startsWith(manufacturer) ? brand : `${manufacturer} ${brand}`.trim();
}

/** Percent of CPU time that was busy since the last call, one decimal; null at the first. */
export function createLoad(cpus: () => readonly os.CpuInfo[] = os.cpus): () => number | null {
  let before: { readonly busy: number; readonly total: number } | null = null;
  return () => {
    let busy = 0;
    let total = 0;
    for (const { times } of cpus()) {
      const sum = times.user + times.nice + times.sys + times.idle + times.irq;
      total += sum;
      busy += sum - times.idle;
    }
    const last = before;
    before = { busy, total };
    if (last === null || total <= last.total) return null;
    return Math.round(((busy - last.busy) / (total - last.total)) * 1000) / 10;
  };
}
