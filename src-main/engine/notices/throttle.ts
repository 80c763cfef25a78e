/**
 * Announces at most one notice of a condition or kind in 10 minutes; the others are listed at once,
 * and what of them is still open is announced together at the end.
 */
import type { Clock } from '../../kit/clock.ts';
import { isAboutDataset, type NoticeText } from './messages.ts';

const QUIET_SECONDS = 600;

export interface Throttle {
  notify(text: NoticeText): void;
  /** Announces what is still held back. */
  close(): void;
}

export interface NoticeList {
  /** `isHeldBack`: listed, but not announced yet. Returns its id. */
  publish(text: NoticeText, isHeldBack: boolean): string;
  /** Those that are still open are announced now. */
  announce(ids: readonly string[]): void;
}

/** Two conditions are two facts; two datasets with the same condition are two of a kind. */
const keyOf = ({ condition, kind }: NoticeText): string =>
  condition === undefined || isAboutDataset(condition) ? kind : condition;

export function createThrottle(clock: Clock, list: NoticeList): Throttle {
  const heldBack = new Map<string, { readonly ids: string[]; readonly cancel: () => void }>();
  return {
    notify(text) {
      const key = keyOf(text);
      const held = heldBack.get(key);
      const id = list.publish(text, held !== undefined);
      if (held !== undefined) {
        held.ids.push(id);
        return;
      }
      const ids: string[] = [];
      const cancel = clock.after(QUIET_SECONDS, () => {
        heldBack.delete(key);
        list.announce(ids);
      });
      heldBack.set(key, { ids, cancel });
    },
    close() {
      for (const { ids, cancel } of heldBack.values()) {
        cancel();
        list.announce(ids);
      }
      heldBack.clear();
    },
  };
}
