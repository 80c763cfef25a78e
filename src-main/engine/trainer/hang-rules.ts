/** When silence is a hang: two learned limits for each phase and hard caps. Pure. */

export interface HangSettings {
  readonly trainMinutes: number;
  readonly evalMinutes: number;
  readonly learned: boolean;
  /** Least seconds before it is suspected and killed by the learned limits. */
  readonly leastSuspect: number;
  readonly leastKill: number;
}

export interface HangReading {
  readonly phase: string;
  readonly age: number;
  /** Seconds between earlier beats of this phase in this run, newest last. */
  readonly beats: readonly number[];
}

/** Before so many beats of a phase the first step, a compile or a first generation may still be under way. */
const beatsToLearn = 20;

export function percentile99(beats: readonly number[]): number {
  const sorted = [...beats].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0;
}

export function decideHang(
  reading: HangReading,
  settings: HangSettings,
): 'alive' | 'suspect' | 'kill' {
  if (reading.phase === 'paused') return 'alive';
  const evaluates = reading.phase === 'evaluate' || reading.phase === 'generate';
  const cap = 60 * (evaluates ? settings.evalMinutes : settings.trainMinutes);
  if (reading.age > cap) return 'kill';
  if (!settings.learned || reading.beats.length < beatsToLearn) return 'alive';
  const p99 = percentile99(reading.beats);
  if (reading.age > Math.max(settings.leastKill, 10 * p99)) return 'kill';
  return reading.age > Math.max(settings.leastSuspect, 5 * p99) ? 'suspect' : 'alive';
}
