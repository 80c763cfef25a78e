/**
 * Checkpoints that somebody looks at to go back to: neither a clean-up nor the trainer's ring removes them for a while. The note
 * ends by itself, so that an engine that was killed holds nothing for ever.
 */
import { z } from 'zod';
import type { Point } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { createSerializer, readJson, writeJson } from '../../kit/index.ts';

const heldFile = z.object({
  format: z.literal(1),
  held: z.array(z.object({ branch: z.string(), step: z.number().int(), until: z.number() })),
});
type Held = z.infer<typeof heldFile>['held'];

/** Seconds from the last plan on; an open dialog asks for its plan again before they are over. */
export const HELD_SECONDS = 900;

/** The time of a clock that somebody set back would hold too long: more than the whole time ahead counts as over. Pure. */
export const stillHeld = (held: Held, now: number): Held =>
  held.filter((lease) => lease.until > now && lease.until <= now + HELD_SECONDS);

export interface Holds {
  hold(point: Point): Promise<void>;
  steps(branch: string): Promise<readonly number[]>;
}

export function createHolds(options: {
  readonly paths: Pick<WorkspacePaths, 'heldCheckpoints'>;
  readonly clock: Pick<Clock, 'now'>;
}): Holds {
  const writes = createSerializer();
  async function read(): Promise<Held> {
    const known = heldFile.safeParse(
      await readJson(options.paths.heldCheckpoints).catch(() => null),
    );
    return stillHeld(known.success ? known.data.held : [], options.clock.now());
  }
  async function add({ branch, step }: Point): Promise<void> {
    const others = (await read()).filter((lease) => lease.branch !== branch || lease.step !== step);
    const until = options.clock.now() + HELD_SECONDS;
    await writeJson(options.paths.heldCheckpoints, {
      format: 1,
      held: [...others, { branch, step, until }],
    });
  }
  return {
    hold: (point) => writes.run(() => add(point)),
    steps: async (branch) =>
      (await read()).filter((lease) => lease.branch === branch).map((lease) => lease.step),
  };
}
