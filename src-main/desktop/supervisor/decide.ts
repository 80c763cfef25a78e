/** Decides what the supervisor does next. Pure. */

/** The engine's response to GET /api/engine. */
export interface Handshake {
  readonly contract: number;
  readonly build: string;
  readonly pid: number;
}

export type Probe =
  | { readonly kind: 'answered'; readonly handshake: Handshake }
  | { readonly kind: 'silent' }
  /** Not probed: no engine is listening. */
  | { readonly kind: 'none' };

export interface Readings {
  /** The holder of `.engine.lock`, if that process is alive. */
  readonly holder: { readonly pid: number; readonly seenMs: number } | null;
  readonly probe: Probe;
  /**
   * Consecutive intervals of 1.5 s without a response. Counted rather than timed, because the clock
   * jumps when the machine sleeps.
   */
  readonly silent: number;
  /** The process that this supervisor started, while it is alive. */
  readonly child: { readonly pid: number; readonly ageMs: number } | null;
  readonly contract: number;
  /** Milliseconds until the next start is allowed. */
  readonly waitMs: number;
}

export type Decision =
  | { readonly kind: 'attach'; readonly handshake: Handshake }
  | { readonly kind: 'older' | 'newer'; readonly handshake: Handshake }
  | { readonly kind: 'start' }
  /** The process is alive but has not responded for too long: kill it and start another. */
  | { readonly kind: 'replace'; readonly pid: number }
  | { readonly kind: 'wait' };

/** Consecutive silent intervals after which a live engine counts as hung. */
export const SILENT_LIMIT = 10;
/**
 * A started engine that has not taken the lock, or does not listen, within this time is replaced.
 */
const START_LIMIT_MS = 60_000;

export function decideNext(readings: Readings): Decision {
  const { holder, probe, child } = readings;
  if (holder !== null) {
    if (probe.kind === 'answered') return compare(probe.handshake, readings.contract);
    const isHung =
      readings.silent >= SILENT_LIMIT || (probe.kind === 'none' && holder.seenMs > START_LIMIT_MS);
    return isHung ? { kind: 'replace', pid: holder.pid } : { kind: 'wait' };
  }
  if (child !== null)
    return child.ageMs > START_LIMIT_MS ? { kind: 'replace', pid: child.pid } : { kind: 'wait' };
  return readings.waitMs > 0 ? { kind: 'wait' } : { kind: 'start' };
}

function compare(handshake: Handshake, contract: number): Decision {
  if (handshake.contract === contract) return { kind: 'attach', handshake };
  return { kind: handshake.contract < contract ? 'older' : 'newer', handshake };
}

const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;

/** Delay before the next start: none at first, then 0.2 s, doubling up to 10 s. */
export function backoffMs(failures: number): number {
  return failures === 0 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
}
