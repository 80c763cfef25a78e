/** At most one notice of a kind in 10 minutes; the others are summed up in one at their end. */
import type { Notice } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { type NoticeText, summary } from './messages.ts';

const QUIET_SECONDS = 600;

export interface Throttle {
  notify(text: NoticeText): void;
  /** Publishes what is still held back. */
  close(): void;
}

export function createThrottle(clock: Clock, publish: (text: NoticeText) => void): Throttle {
  const heldBack = new Map<
    Notice['kind'],
    { readonly texts: NoticeText[]; readonly cancel: () => void }
  >();
  const publishHeldBack = (kind: Notice['kind'], texts: readonly NoticeText[]): void => {
    const last = texts.at(-1);
    if (last !== undefined) publish(texts.length === 1 ? last : summary(kind, texts.length, last));
  };
  return {
    notify(text) {
      const held = heldBack.get(text.kind);
      if (held !== undefined) {
        held.texts.push(text);
        return;
      }
      publish(text);
      const texts: NoticeText[] = [];
      const cancel = clock.after(QUIET_SECONDS, () => {
        heldBack.delete(text.kind);
        publishHeldBack(text.kind, texts);
      });
      heldBack.set(text.kind, { texts, cancel });
    },
    close() {
      for (const [kind, { texts, cancel }] of heldBack) {
        cancel();
        publishHeldBack(kind, texts);
      }
      heldBack.clear();
    },
  };
}
