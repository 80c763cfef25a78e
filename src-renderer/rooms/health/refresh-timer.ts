/** A number that grows by the clock: an answer that depends on it is asked for again. */
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
