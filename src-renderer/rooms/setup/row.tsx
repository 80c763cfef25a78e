/** A numbered row of the first-run page. */
import type { ReactElement, ReactNode } from 'react';
import { classNames } from '../../kit/class-names.ts';
import { Glyph } from '../../kit/marks.tsx';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './setup.module.css';

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
    <section className={classNames(styles.row, styles[stage])} aria-label={title}>
      <span className={classNames(styles.number, textStyles.number)}>
        {stage === 'done' ? <Glyph name="done" /> : number}
      </span>
      <div className={layoutStyles.grow}>
        <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
          <h2 className={textStyles.title}>{title}</h2>
          {aside === null ? null : <span className={textStyles.caption}>{aside}</span>}
        </div>
        {children}
      </div>
    </section>
  );
}
