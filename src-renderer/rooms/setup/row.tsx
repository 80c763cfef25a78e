/** A numbered row of the first-run page. */
import type { ReactElement, ReactNode } from 'react';
import { Glyph } from '../../kit/marks.tsx';

export type Stage = 'done' | 'now' | 'later';

export function Row({
  stage,
  number,
  title,
  aside,
  children,
}: {
  readonly stage: Stage;
  readonly number: number;
  readonly title: string;
  readonly aside: string | null;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <section className={`fs ${stage}`} aria-label={title}>
      <span className="fn num">{stage === 'done' ? <Glyph name="done" /> : number}</span>
      <div className="grow">
        <div className="base sp">
          <h2 className="title">{title}</h2>
          {aside === null ? null : <span className="micro">{aside}</span>}
        </div>
        {children}
      </div>
    </section>
  );
}
