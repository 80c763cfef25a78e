/** When a missing heartbeat is a hang: two adaptive limits per phase, and fixed maximums. Pure. */

export interface HangSettings {
  readonly trainMinutes: number;
  readonly evalMinutes: number;
  readonly learned: boolean;
  /** The adaptive limits are never shorter than these. */
  readonly minSuspectSeconds: number;
  readonly minKillSeconds: number;
}

export interface HangReading {
  readonly phase: string;
  /** Seconds since the last heartbeat. */
  readonly age: number;
  /** Seconds between earlier heartbeats of this phase in this run, newest last. */
  readonly intervals: readonly number[];
}

/** Fewer intervals may not include a slow one yet: a compilation, or a first generation. */
const INTERVALS_TO_LEARN = 20;

export function percentile99(intervals: readonly number[]): number {
  const sorted = [...intervals].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0;
}

export function decideHang(
  reading: HangReading,
  settings: HangSettings,
): 'alive' | 'suspect' | 'kill' {
  if (reading.phase === 'paused') return 'alive';
  const isEvaluating = reading.phase === 'evaluate' || reading.phase === 'generate';
  const maximum = 60 * (isEvaluating ? settings.evalMinutes : settings.trainMinutes);
  if (reading.age > maximum) return 'kill';
  if (!settings.learned || reading.intervals.length < INTERVALS_TO_LEARN) return 'alive';
  const p99 = percentile99(reading.intervals);
  if (reading.age > Math.max(settings.minKillSeconds, 10 * p99)) return 'kill';
  return reading.age > Math.max(settings.minSuspectSeconds, 5 * p99) ? 'suspect' : 'alive';
}
