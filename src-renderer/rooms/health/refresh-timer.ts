/** A counter that increases every `everyMs` milliseconds, as part of the key of a polled request. */
import { useEffect, useState } from 'react';

export function useRefreshTimer(everyMs: number): number {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      setTurn((n) => n + 1);
    }, everyMs);
    return () => {
      clearInterval(timer);
    };
  }, [everyMs]);
  return turn;
}
