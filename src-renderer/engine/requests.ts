/** Commands to the engine with their refusals as text, and answers kept beside a component. */
import { ORPCError } from '@orpc/client';
import { useCallback, useEffect, useRef, useState } from 'react';
import { create } from 'zustand';
import type { EngineClient } from './client.ts';
import { engine } from './feed.ts';
import { useEngine } from './store.ts';

/** What went against a command, for the person who gave it. */
export interface Trouble {
  readonly text: string;
  /** What can be done, one sentence, or null. */
  readonly next: string | null;
}
/** With what kind of no it is, `BUSY`; null: there was no answer at all. */
export interface Refused extends Trouble {
  readonly code: string | null;
  /** What the refusal tells beside its message, by name. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export function troubleOf(error: unknown): Refused {
  if (error instanceof ORPCError) {
    const data: unknown = error.data;
    const { next, facts } = (typeof data === 'object' && data !== null ? data : {}) as {
      readonly next?: unknown;
      readonly facts?: unknown;
    };
    return {
      text: error.message,
      next: typeof next === 'string' ? next : null,
      code: String(error.code),
      facts: typeof facts === 'object' && facts !== null ? { ...facts } : {},
    };
  }
  return {
    text: error instanceof Error ? error.message : String(error),
    next: null,
    code: null,
    facts: {},
  };
}

/** The newest refusal, shown under the screen bar until it is closed. */
export const useTrouble = create<{ readonly trouble: Trouble | null }>(() => ({ trouble: null }));

/** Gives a command. Answers null, and shows why, when it was refused. */
export async function command<T>(ask: (client: EngineClient) => Promise<T>): Promise<T | null> {
  try {
    const answer = await ask(engine());
    useTrouble.setState({ trouble: null });
    return answer;
  } catch (error) {
    useTrouble.setState({ trouble: troubleOf(error) });
    return null;
  }
}

/** Asks or commands, and gives what went against it to the one who asked. */
export async function attempt<T>(
  ask: (client: EngineClient) => Promise<T>,
): Promise<{ readonly answer: T } | { readonly trouble: Refused }> {
  try {
    return { answer: await ask(engine()) };
  } catch (error) {
    return { trouble: troubleOf(error) };
  }
}

const subjectOf = (key: string): string => key.split('|', 1)[0] ?? '';

/**
 * An answer of the engine that is asked for again when `key` changes or the connection is new. The last one stays meanwhile, as
 * long as it is about the same subject: what stands before the first `|` of the key.
 */
export function useAnswer<T>(
  key: string | null,
  ask: (client: EngineClient) => Promise<T>,
): { readonly answer: T | null; readonly again: () => void } {
  const live = useEngine((state) => state.connection === 'live');
  const [held, setHeld] = useState<{ readonly key: string; readonly answer: T } | null>(null);
  const [turn, setTurn] = useState(0);
  const asking = useRef(ask);
  useEffect(() => {
    asking.current = ask;
  });
  useEffect(() => {
    if (key === null || !live) return;
    const leaving = new AbortController();
    void (async () => {
      try {
        const answer = await asking.current(engine());
        if (!leaving.signal.aborted) setHeld({ key, answer });
      } catch {
        // The last answer stays; the connection state is shown by the frame.
      }
    })();
    return () => {
      leaving.abort();
    };
  }, [key, live, turn]);
  const again = useCallback(() => {
    setTurn((n) => n + 1);
  }, []);
  const same = held !== null && key !== null && subjectOf(held.key) === subjectOf(key);
  return { answer: same ? held.answer : null, again };
}
