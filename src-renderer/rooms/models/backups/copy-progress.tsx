/** Elapsed time of a running copy. */
import type { ReactElement } from 'react';
import { classNames } from '../../../kit/class-names.ts';
import { duration } from '../../../kit/format.ts';
import { useNow } from '../../../kit/now.ts';
import textStyles from '../../../kit/styles/text.module.css';

/** Milliseconds. Called in event handlers, never while rendering. */
export const currentTime = (): number => Date.now();

export function CopyProgress({ since }: { readonly since: number }): ReactElement {
  const now = useNow();
  return (
    <span
      className={classNames(textStyles.caption, textStyles.number, textStyles.wrap)}
      role="status"
    >
      Copying and verifying,{' '}
      {duration(Math.floor(Math.max(0, now - since) / 1000)).replace('.0', '')}. Continues if you
      close this dialog.
    </span>
  );
}
