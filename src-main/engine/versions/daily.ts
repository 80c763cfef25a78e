/**
 * The version that is made by itself once a day, at `snapshot.daily_at` of this machine's clock, from the newest checkpoint. A machine
 * that slept over the hour makes it once, late. What was settled is kept in `data/daily.json`, so that a restart does not make it again.
 */
import { z } from 'zod';
import { Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { readJson, writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { Journal } from '../journal/index.ts';

const secondsBetweenLooks = 30;
/** A version that could not be made is tried again this often, this many times; then the day is over. */
const secondsBetweenAttempts = 600;
const attempts = 3;

const dailyFile = z.object({ format: z.literal(1), settled: z.number() });

/** The last moment at or before `now` when it was `at` (`HH:MM`) on this machine's clock; null: the wish is off. Unix seconds. */
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

/** `settled`: the moment up to which everything is done; null: nothing is known yet, so the count begins now. Pure. */
export function decideDaily(
  now: number,
  at: string,
  settled: number | null,
): { readonly kind: 'wait' } | { readonly kind: 'begin' | 'make'; readonly due: number } {
  const due = lastDue(now, at);
  if (due === null) return { kind: 'wait' };
  // More than a day ahead of the clock: somebody set it back, and what was settled says nothing any more.
  if (settled === null || settled > now + 86_400) return { kind: 'begin', due };
  return due > settled ? { kind: 'make', due } : { kind: 'wait' };
}

/** `2026-11-25`, of the day that was due. */
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
  /** Makes it; a Refusal NOT_READY says that there is nothing new to keep. */
  readonly make: (description: string) => Promise<{ readonly name: string }>;
  readonly failed: (where: string, error: unknown) => void;
}): Promise<{ close(): void }> {
  const known = dailyFile.safeParse(await readJson(options.paths.daily).catch(() => null));
  let settled = known.success ? known.data.settled : null;
  let failures = 0;
  let notBefore = 0;

  async function settle(due: number): Promise<void> {
    settled = due;
    failures = 0;
    await writeJson(options.paths.daily, { format: 1, settled: due });
  }

  async function look(): Promise<void> {
    const now = options.clock.now();
    const next = decideDaily(now, options.config.values().snapshot.daily_at, settled);
    if (next.kind === 'wait' || now < notBefore) return;
    if (next.kind === 'begin') return settle(next.due);
    try {
      const { name } = await options.make(`daily ${dayOf(next.due)}`);
      options.journal.write({
        what: 'versions.daily',
        text: `${name} is the version of ${dayOf(next.due)}, made by itself.`,
        evidence: { due: next.due, late_seconds: Math.round(now - next.due) },
      });
      await settle(next.due);
    } catch (error) {
      if (error instanceof Refusal && error.code === 'NOT_READY') {
        options.journal.write({
          what: 'versions.daily',
          text: `No version of ${dayOf(next.due)}: ${error.message}`,
        });
        await settle(next.due);
        return;
      }
      failures += 1;
      notBefore = now + secondsBetweenAttempts;
      const message = error instanceof Error ? error.message : String(error);
      const isLast = failures >= attempts;
      options.journal.write({
        what: 'versions.daily',
        text: `The version of ${dayOf(next.due)} could not be made (attempt ${String(failures)} of ${String(attempts)}): ${message}`,
      });
      if (isLast) await settle(next.due);
    }
  }

  const stop = options.clock.every(secondsBetweenLooks, async () => {
    await look().catch((error: unknown) => {
      options.failed('versions.daily', error);
    });
  });
  return { close: stop };
}
