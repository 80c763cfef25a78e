/** Reads which engine holds the workspace and probes it. */
import type { Probe } from './decide.ts';
import { probe, type Address } from './engine-http.ts';
import { readHolder, readToken, type Holder } from './lock-holder.ts';

export interface Observation {
  readonly holder: Holder | null;
  /** null until the engine listens. */
  readonly address: Address | null;
  readonly probe: Probe;
}

export async function observe(workspace: string): Promise<Observation> {
  const holder = await readHolder(workspace);
  const token = holder?.port == null ? null : await readToken(workspace);
  const address = holder?.port == null || token === null ? null : { port: holder.port, token };
  return { holder, address, probe: address === null ? { kind: 'none' } : await probe(address) };
}

/**
 * Counts consecutive silent probes, at most one per interval: a refused connection fails at once,
 * and counting each of those would kill an engine that is shutting down.
 */
export class SilenceCounter {
  count = 0;
  private readonly intervalMs: number;
  private lastMs: number;

  constructor(intervalMs: number, nowMs: number) {
    this.intervalMs = intervalMs;
    this.lastMs = nowMs;
  }

  add(answer: Probe, nowMs: number): void {
    if (answer.kind === 'silent' && nowMs - this.lastMs < this.intervalMs) return;
    this.count = answer.kind === 'silent' ? this.count + 1 : 0;
    this.lastMs = nowMs;
  }
}
