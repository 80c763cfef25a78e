/** Why something was refused, where it was asked for. */
import type { ReactElement } from 'react';
import type { Refused } from '../../engine/index.ts';
import { Glyph } from '../../kit/marks.tsx';

export function Refusal({ refused }: { readonly refused: Refused }): ReactElement {
  return (
    <p className="rrefusal" role="alert">
      <span className="fail">
        <Glyph name="refused" />
      </span>
      <span>
        <b className="strong">{refused.text}</b> {refused.next}
      </span>
    </p>
  );
}
