/** Keeps the machine awake, only while a trainer works, and only when that is wanted. */
import { powerSaveBlocker } from 'electron';

export interface Wakefulness {
  update(working: boolean): void;
}

export function createWakefulness(): Wakefulness {
  let blocker: number | null = null;
  return {
    update(working) {
      if (working && blocker === null) blocker = powerSaveBlocker.start('prevent-app-suspension');
      if (working || blocker === null) return;
      powerSaveBlocker.stop(blocker);
      blocker = null;
    },
  };
}
