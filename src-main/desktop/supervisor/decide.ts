/** What the supervisor does next, from readings alone. Pure. */

/** What the engine answered about itself. */
export interface Handshake {
  readonly contract: number;
  readonly build: string;
  readonly pid: number;
}

export type Probe =
  | { readonly kind: 'answered'; readonly handshake: Handshake }
  | { readonly kind: 'silent' }
  /** Not asked: there is nobody to ask. */
  | { readonly kind: 'none' };

export interface Readings {
  /** The holder of `.engine.lock`, only while that very process lives. */
  readonly holder: { readonly pid: number; readonly seenMs: number } | null;
  readonly probe: Probe;
  /** Spells of 1.5 s without an answer, in a row. Counted, not timed: a machine that slept has a clock that jumped. */
  readonly silent: number;
  /** The process that this supervisor has started, while it lives. */
  readonly child: { readonly pid: number; readonly ageMs: number } | null;
  readonly contract: number;
  /** Milliseconds until the next start is allowed. */
  readonly waitMs: number;
}

export type Decision =
  | { readonly kind: 'attach'; readonly handshake: Handshake }
  | { readonly kind: 'older' | 'newer'; readonly handshake: Handshake }
  | { readonly kind: 'start' }
  /** The process lives but has not answered for long: it is ended, by its verified identity, and another is started. */
  | { readonly kind: 'replace'; readonly pid: number }
  | { readonly kind: 'wait' };

/** Silent spells after which a living engine counts as hung. */
export const SILENT_LIMIT = 10;
/** A started engine that has not taken the lock, or does not listen, by then is given up. */
const START_LIMIT_MS = 60_000;

export function decideNext(readings: Readings): Decision {
  const { holder, probe, child } = readings;
  if (holder !== null) {
    if (probe.kind === 'answered') return compare(probe.handshake, readings.contract);
    const hung =
      readings.silent >= SILENT_LIMIT || (probe.kind === 'none' && holder.seenMs > START_LIMIT_MS);
    return hung ? { kind: 'replace', pid: holder.pid } : { kind: 'wait' };
  }
  if (child !== null)
    return child.ageMs > START_LIMIT_MS ? { kind: 'replace', pid: child.pid } : { kind: 'wait' };
  return readings.waitMs > 0 ? { kind: 'wait' } : { kind: 'start' };
}

function compare(handshake: Handshake, contract: number): Decision {
  if (handshake.contract === contract) return { kind: 'attach', handshake };
  return { kind: handshake.contract < contract ? 'older' : 'newer', handshake };
}

const FIRST_MS = 200;
const LAST_MS = 10_000;

/** The wait before start number `failures` + 1: 0.2 s, doubling, at most 10 s; the very first start waits for nothing. */
export function backoffMs(failures: number): number {
  return failures === 0 ? 0 : Math.min(LAST_MS, FIRST_MS * 2 ** (failures - 1));
}
