/**
 * At most one notice of a condition or kind in 10 minutes; the others are summed up in one at their
 * end.
 */
import type { Clock } from '../../kit/clock.ts';
import { type NoticeText, summary } from './messages.ts';

const QUIET_SECONDS = 600;

export interface Throttle {
  notify(text: NoticeText): void;
  /** The condition ended: what is held back about it is no longer true. */
  resolve(condition: string): void;
  /** Publishes what is still held back. */
  close(): void;
}

export function createThrottle(clock: Clock, publish: (text: NoticeText) => void): Throttle {
  /** By condition, else by kind: two conditions are never summed up in one notice. */
  const heldBack = new Map<string, { readonly texts: NoticeText[]; readonly cancel: () => void }>();
  const publishHeldBack = (texts: readonly NoticeText[]): void => {
    const last = texts.at(-1);
    if (last !== undefined)
      publish(texts.length === 1 ? last : summary(last.kind, texts.length, last));
  };
  return {
    notify(text) {
      const key = text.condition ?? text.kind;
      const held = heldBack.get(key);
      if (held !== undefined) {
        held.texts.push(text);
        return;
      }
      publish(text);
      const texts: NoticeText[] = [];
      const cancel = clock.after(QUIET_SECONDS, () => {
        heldBack.delete(key);
        publishHeldBack(texts);
      });
      heldBack.set(key, { texts, cancel });
    },
    resolve(condition) {
      heldBack.get(condition)?.cancel();
      heldBack.delete(condition);
    },
    close() {
      for (const { texts, cancel } of heldBack.values()) {
        cancel();
        publishHeldBack(texts);
      }
      heldBack.clear();
    },
  };
}
