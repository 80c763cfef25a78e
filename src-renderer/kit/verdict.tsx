/** Whether an estimate fits what there is: a glyph and a word. */
import type { ReactElement } from 'react';
import type { EstimateVerdict } from '../../src-main/contract/index.ts';
import { UNKNOWN } from './format.ts';
import { Glyph } from './marks.tsx';

const verdicts = {
  fits: { word: 'Fits', glyph: 'done', tone: 'ok' },
  tight: { word: 'Tight', glyph: 'recovering', tone: 'warn' },
  too_large: { word: 'Too large', glyph: 'failed', tone: 'fail' },
} as const;

export function Verdict({ verdict }: { readonly verdict: EstimateVerdict | null }): ReactElement {
  if (verdict === null) return <span className="t3">{UNKNOWN}</span>;
  const { word, glyph, tone } = verdicts[verdict];
  return (
    <span className={`everdict ${tone}`}>
      <Glyph name={glyph} />
      {word}
    </span>
  );
}
