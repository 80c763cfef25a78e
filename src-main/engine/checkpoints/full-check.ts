/**
 * Reads every byte of the checkpoint that the next start would resume from. The result is kept until
 * a file changes, so that an unchanged model is not read again and again.
 */
import { Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { fingerprintOf } from '../../kit/fingerprint.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { discoverCheckpoints, type DiscoveryResult } from './discover.ts';

/** While training saves new checkpoints, they are not all read: once in this time. */
const SECONDS_BETWEEN_READS = 600;
/** A disk can lose bits without a change of the file. */
const MAX_AGE_SECONDS = 86_400;
/** A large model takes minutes; whoever asks doesn't wait for the end. */
const MAX_WAIT_SECONDS = 20;

export interface FullCheck {
  readonly result: DiscoveryResult;
  /** When it ended. */
  readonly t: number;
  /** No file changed since. */
  readonly isCurrent: boolean;
}

export interface FullChecks {
  /** The last check; starts another one when it is due. `now`: also before that, and waits for it. */
  read(now: boolean): Promise<FullCheck | null>;
}

export function createFullChecks(options: {
  readonly trainer: Pick<TrainerRoom, 'work'>;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  /** Of the branch that is trained. */
  readonly folder: () => string;
  readonly failed: (where: string, error: unknown) => void;
}): FullChecks {
  const { trainer, clock, folder } = options;
  let last: {
    readonly result: DiscoveryResult;
    readonly t: number;
    readonly key: string;
  } | null = null;
  let running: Promise<void> | null = null;

  async function verify(key: string): Promise<void> {
    const result = await discoverCheckpoints(trainer, folder(), {}, true);
    last = { result, t: clock.now(), key };
  }

  function start(key: string): Promise<void> {
    running ??= verify(key)
      .catch((error: unknown) => {
        // Without Python, or when the engine ends: nothing was read, which the next check shows.
        if (!(error instanceof Refusal)) options.failed('checkpoints.full_check', error);
      })
      .finally(() => {
        running = null;
      });
    return running;
  }

  return {
    async read(now) {
      const keyNow = async (): Promise<string> => `${folder()}\n${await fingerprintOf(folder())}`;
      const key = await keyNow();
      const age = last === null ? Infinity : clock.now() - last.t;
      const isChanged = last?.key !== key;
      const isDue = isChanged && (now || age > SECONDS_BETWEEN_READS);
      if (isDue || age > MAX_AGE_SECONDS) {
        const reading = start(key);
        if (now) await Promise.race([reading, clock.sleep(MAX_WAIT_SECONDS)]);
      }
      return last === null
        ? null
        : { result: last.result, t: last.t, isCurrent: last.key === (now ? await keyNow() : key) };
    },
  };
}
