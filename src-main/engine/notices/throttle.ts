/** At most one notice of a kind in 10 minutes; what came meanwhile is told in one summary at their end. */
import type { Notice } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { type NoticeText, summary } from './messages.ts';

const quietSeconds = 600;

export interface Throttle {
  tell(text: NoticeText): void;
  /** Tells what still waits, so that nothing is lost with the process. */
  close(): void;
}

export function createThrottle(clock: Clock, publish: (text: NoticeText) => void): Throttle {
  const waiting = new Map<
    Notice['kind'],
    { readonly texts: NoticeText[]; readonly stop: () => void }
  >();
  const tellRest = (kind: Notice['kind'], texts: readonly NoticeText[]): void => {
    const last = texts.at(-1);
    if (last !== undefined) publish(texts.length === 1 ? last : summary(kind, texts.length, last));
  };
  return {
    tell(text) {
      const open = waiting.get(text.kind);
      if (open !== undefined) {
        open.texts.push(text);
        return;
      }
      publish(text);
      const texts: NoticeText[] = [];
      const stop = clock.after(quietSeconds, () => {
        waiting.delete(text.kind);
        tellRest(text.kind, texts);
      });
      waiting.set(text.kind, { texts, stop });
    },
    close() {
      for (const [kind, { texts, stop }] of waiting) {
        stop();
        tellRest(kind, texts);
      }
      waiting.clear();
    },
  };
}
