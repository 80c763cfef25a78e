/** The dot of the state in the header. */
import { useEffect, useRef, type ReactElement } from 'react';
import styles from './pulse.module.css';

const PULSE = styles.pulse ?? 'pulse';

/** Animates the dot once per heartbeat, at most once a second. */
export function Pulse({
  beats,
  children,
}: {
  readonly beats: number;
  readonly children: ReactElement;
}): ReactElement {
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const span = element.current;
    if (span === null || beats === 0 || span.classList.contains(PULSE)) return;
    span.classList.add(PULSE);
    setTimeout(() => {
      span.classList.remove(PULSE);
    }, 1000);
  }, [beats]);
  return (
    <span ref={element} className={styles.dot}>
      {children}
    </span>
  );
}
