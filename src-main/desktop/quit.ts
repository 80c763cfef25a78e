/** The question that is asked before quitting. Pure. */
import type { TrainingStatus } from '../contract/index.ts';
import { timeLeft } from '../contract/format.ts';
import { isWorking } from './tray-status.ts';

export type QuitAnswer = 'keep' | 'stop' | 'cancel';

export interface QuitQuestion {
  readonly message: string;
  readonly detail: string;
  /** In the order of `answers`; the first is the default. */
  readonly buttons: readonly string[];
  readonly answers: readonly QuitAnswer[];
}

/**
 * null unless a trainer is working. `stopSeconds`: last measured duration of a save; null if
 * unknown.
 */
export function quitQuestion(
  status: TrainingStatus | null,
  stopSeconds: number | null,
): QuitQuestion | null {
  if (status === null || !isWorking(status)) return null;
  const name = status.current_dataset?.name ?? 'A dataset';
  const left = timeLeft(status);
  const about =
    stopSeconds === null ? '' : `, about ${String(Math.max(1, Math.round(stopSeconds)))}\u00a0s`;
  return {
    message: `${name} is training${left === null ? '' : `, ${left} left`}`,
    detail: 'Training continues without the window. Stopping saves a checkpoint; resume any time.',
    buttons: ['Keep training in the background', `Save a checkpoint and stop${about}`, 'Cancel'],
    answers: ['keep', 'stop', 'cancel'],
  };
}

/** Measures how long saving a checkpoint takes, from state changes. Times in Unix seconds. Pure. */
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
