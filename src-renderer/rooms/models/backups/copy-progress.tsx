/** How long a copy has been under way. */
import type { ReactElement } from 'react';
import { classNames } from '../../../kit/class-names.ts';
import { duration } from '../../../kit/format.ts';
import { useNow } from '../../../kit/now.ts';
import textStyles from '../../../kit/styles/text.module.css';

/** Milliseconds; read when the person acts, never while drawing. */
export const clock = (): number => Date.now();

export function CopyProgress({ since }: { readonly since: number }): ReactElement {
  const now = useNow();
  return (
    <span
      className={classNames(textStyles.caption, textStyles.number, textStyles.wrap)}
      role="status"
    >
      CopyProgress and comparing,{' '}
      {duration(Math.floor(Math.max(0, now - since) / 1000)).replace('.0', '')}. It goes on when
      this is closed.
    </span>
  );
}
