/** Whether an estimate fits the available memory, as a glyph and a word. */
import type { ReactElement } from 'react';
import type { EstimateVerdict } from '../../src-main/contract/index.ts';
import { classNames } from './class-names.ts';
import { UNKNOWN } from './format.ts';
import { Glyph } from './marks.tsx';
import textStyles from './styles/text.module.css';
import styles from './verdict.module.css';

const verdicts = {
  fits: { word: 'Fits', glyph: 'done', tone: 'success' },
  tight: { word: 'Tight', glyph: 'recovering', tone: 'warning' },
  too_large: { word: 'Too large', glyph: 'failed', tone: 'failure' },
} as const;

export function Verdict({ verdict }: { readonly verdict: EstimateVerdict | null }): ReactElement {
  if (verdict === null) return <span className={textStyles.tertiary}>{UNKNOWN}</span>;
  const { word, glyph, tone } = verdicts[verdict];
  return (
    <span className={classNames(styles.verdict, textStyles[tone])} data-verdict={verdict}>
      <Glyph name={glyph} />
      {word}
    </span>
  );
}
