/**
 * The daily version, made at `snapshot.daily_at` local time from the newest checkpoint. After a
 * sleep past that time it is made once, late. `data/daily.json` records which days are done, so
 * that a restart doesn't make a day's version again.
 */
import { Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { dailyFile, readOrNull, writeFormat } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { Journal } from '../journal/index.ts';

const SECONDS_BETWEEN_CHECKS = 30;
const SECONDS_BETWEEN_ATTEMPTS = 600;
/** After this many failures the day is skipped. */
const MAX_ATTEMPTS = 3;

/**
 * The last time at or before `now` when the local clock showed `at` (`HH:MM`); null when disabled.
 * Unix seconds.
 */
export function lastDue(now: number, at: string): number | null {
  const [, hours, minutes] = /^(\d\d):(\d\d)$/.exec(at) ?? [];
  if (hours === undefined || minutes === undefined) return null;
  const today = new Date(now * 1000);
  const due = (day: number): number =>
    new Date(
      today.getFullYear(),
      today.getMonth(),
      today.getDate() + day,
      Number(hours),
      Number(minutes),
    ).getTime() / 1000;
  return due(0) <= now ? due(0) : due(-1);
}

/**
 * `settled`: due time of the last day that is done; null on a first start, which skips the current
 * day. Pure.
 */
export function decideDaily(
  now: number,
  at: string,
  settled: number | null,
): { readonly kind: 'wait' } | { readonly kind: 'begin' | 'make'; readonly due: number } {
  const due = lastDue(now, at);
  if (due === null) return { kind: 'wait' };
  // More than a day in the future: the clock was set back, so the record is meaningless.
  if (settled === null || settled > now + 86_400) return { kind: 'begin', due };
  return due > settled ? { kind: 'make', due } : { kind: 'wait' };
}

/** Local date, `2026-11-25`. */
export function dayOf(t: number): string {
  const date = new Date(t * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export async function createDaily(options: {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Makes the version; a Refusal NOT_READY means that there is nothing new to keep. */
  readonly make: (description: string) => Promise<{ readonly name: string }>;
  readonly failed: (where: string, error: unknown) => void;
}): Promise<{ close(): void }> {
  const { paths, config, journal, clock } = options;
  let settled = (await readOrNull(paths.daily, dailyFile))?.settled ?? null;
  let failures = 0;
  let notBefore = 0;

  async function settle(due: number): Promise<void> {
    settled = due;
    failures = 0;
    await writeFormat(paths.daily, dailyFile, { settled: due });
  }
  function report(text: string, evidence: Record<string, unknown> = {}): void {
    journal.write({ what: 'versions.daily', text, evidence });
  }

  async function check(): Promise<void> {
    const now = clock.now();
    const next = decideDaily(now, config.values().snapshot.daily_at, settled);
    if (next.kind === 'wait' || now < notBefore) return;
    if (next.kind === 'begin') return settle(next.due);
    const day = dayOf(next.due);
    try {
      const { name } = await options.make(`daily ${day}`);
      report(`Created daily version ${name} for ${day}.`, {
        due: next.due,
        late_seconds: Math.round(now - next.due),
      });
      await settle(next.due);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof Refusal && error.code === 'NOT_READY') {
        report(`No daily version for ${day}: ${message}`);
        return settle(next.due);
      }
      failures += 1;
      notBefore = now + SECONDS_BETWEEN_ATTEMPTS;
      report(
        `Couldn't create the daily version for ${day} (attempt ${String(failures)} of ${String(MAX_ATTEMPTS)}): ${message}`,
      );
      if (failures >= MAX_ATTEMPTS) await settle(next.due);
    }
  }

  const stop = clock.every(SECONDS_BETWEEN_CHECKS, async () => {
    await check().catch((error: unknown) => {
      options.failed('versions.daily', error);
    });
  });
  return { close: stop };
}
