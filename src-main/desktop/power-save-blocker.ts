/** Prevents system sleep while training. The display can still sleep. */
import { powerSaveBlocker } from 'electron';

export interface PowerSaveBlocker {
  update(active: boolean): void;
}

export function createPowerSaveBlocker(): PowerSaveBlocker {
  let id: number | null = null;
  return {
    update(active) {
      if (active && id === null) id = powerSaveBlocker.start('prevent-app-suspension');
      if (active || id === null) return;
      powerSaveBlocker.stop(id);
      id = null;
    },
  };
}
