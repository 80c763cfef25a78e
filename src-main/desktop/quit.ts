/** What quitting means right now, and what is asked. Pure. */
import type { TrainingStatus } from '../contract/index.ts';
import { isWorking, timeLeft } from './tray-status.ts';

export type QuitAnswer = 'keep' | 'stop' | 'cancel';

export interface QuitQuestion {
  readonly message: string;
  readonly detail: string;
  /** In the order of `answers`; the first is the default. */
  readonly buttons: readonly string[];
  readonly answers: readonly QuitAnswer[];
}

/**
 * The question while a trainer works; null when there is nothing to ask. `stopSeconds`: how long a stop with a checkpoint took
 * when it was last measured, null when it never was.
 */
export function quitQuestion(
  status: TrainingStatus | null,
  stopSeconds: number | null,
): QuitQuestion | null {
  if (status === null || !isWorking(status)) return null;
  const name = status.current_dataset?.name ?? 'A dataset';
  const left = timeLeft(status.eta_seconds);
  const about =
    stopSeconds === null ? '' : `, about ${String(Math.max(1, Math.round(stopSeconds)))}\u00a0s`;
  return {
    message: `${name} is training${left === null ? '' : `, ${left} left`}`,
    detail:
      'In the background it goes on without this window; opening Nightshift again shows it. After a stop it continues at the same step when it is resumed.',
    buttons: ['Keep training in the background', `Save a checkpoint and stop${about}`, 'Cancel'],
    answers: ['keep', 'stop', 'cancel'],
  };
}

/** How long the last checkpoint held up the training, seen from the changes of state. Pure fold; times in Unix seconds. */
export interface SaveWatch {
  readonly savingSince: number | null;
  readonly seconds: number | null;
}

export function watchSaves(watch: SaveWatch, status: TrainingStatus, now: number): SaveWatch {
  const saving = status.state === 'saving' || status.trainer.phase === 'save';
  if (saving) return { ...watch, savingSince: watch.savingSince ?? now };
  if (watch.savingSince === null) return watch;
  return { savingSince: null, seconds: now - watch.savingSince };
}
