/** Commands to the engine with readable errors, and a hook that keeps the result of a query. */
import { ORPCError } from '@orpc/client';
import { useCallback, useEffect, useRef, useState } from 'react';
import { create } from 'zustand';
import type { EngineClient } from './client.ts';
import { engine } from './feed.ts';
import { typed, useEngine } from './store.ts';

/** Why a command failed, for the user who sent it. */
export interface Trouble {
  readonly text: string;
  /** What to do next, one sentence, or null. */
  readonly next: string | null;
}
/** `code` is the error code such as `BUSY`; null when the engine didn't respond. */
export interface Refused extends Trouble {
  readonly code: string | null;
  /** Data of the error by name. */
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
      text: typed(error.message),
      next: typeof next === 'string' ? typed(next) : null,
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

/** The latest failed command, shown under the screen bar until it is closed. */
export const useTrouble = create<{ readonly trouble: Trouble | null }>(() => ({ trouble: null }));

/** Sends a command. Returns null and shows the reason when it fails. */
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

/** Sends a request and returns either its result or the error for the caller to show. */
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
 * Result of a query that runs again when `key` changes or the connection is restored. The previous result stays until then as long
 * as the subject is the same: the part of the key before the first `|`.
 */
export function useAnswer<T>(
  key: string | null,
  ask: (client: EngineClient) => Promise<T>,
): { readonly answer: T | null; readonly again: () => void } {
  const live = useEngine((state) => state.connection === 'live');
  const [latest, setLatest] = useState<{ readonly key: string; readonly answer: T } | null>(null);
  const [turn, setTurn] = useState(0);
  const request = useRef(ask);
  useEffect(() => {
    request.current = ask;
  });
  useEffect(() => {
    if (key === null || !live) return;
    const aborter = new AbortController();
    void (async () => {
      try {
        const answer = await request.current(engine());
        if (!aborter.signal.aborted) setLatest({ key, answer });
      } catch {
        // Keep the previous result; the frame shows the connection state.
      }
    })();
    return () => {
      aborter.abort();
    };
  }, [key, live, turn]);
  const again = useCallback(() => {
    setTurn((n) => n + 1);
  }, []);
  const same = latest !== null && key !== null && subjectOf(latest.key) === subjectOf(key);
  return { answer: same ? latest.answer : null, again };
}
