/** Why the engine refused a request, shown in the dialog that sent it. */
import type { ReactElement } from 'react';
import type { Refused } from '../../engine/index.ts';
import { Glyph } from '../../kit/marks.tsx';
import textStyles from '../../kit/styles/text.module.css';
import restoreStyles from './restore/restore.module.css';

export function RefusalMessage({ refused }: { readonly refused: Refused }): ReactElement {
  return (
    <p className={restoreStyles.message} role="alert">
      <span className={textStyles.failure}>
        <Glyph name="refused" />
      </span>
      <span>
        <b className={textStyles.strong}>{refused.text}</b> {refused.next}
      </span>
    </p>
  );
}
