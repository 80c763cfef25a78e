/** Result and age of the last verification of a backup. */
import type { ReactElement } from 'react';
import type { Backup } from '../../../../src-main/contract/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { age } from '../../../kit/format.ts';
import { Glyph } from '../../../kit/marks.tsx';
import { useNowSeconds } from '../../../kit/now.ts';
import layoutStyles from '../../../kit/styles/layout.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import listStyles from '../point-list.module.css';
import { Problem } from '../point-table.tsx';

/** `isShort`: without the damaged file, for the table of versions. */
export function BackupState({
  backup,
  isVerifying = false,
  isShort = false,
}: {
  readonly backup: Backup;
  readonly isVerifying?: boolean;
  readonly isShort?: boolean;
}): ReactElement {
  const now = useNowSeconds();
  const { verified } = backup;
  if (isVerifying)
    return (
      <span className={classNames(layoutStyles.row, listStyles.iconRow, textStyles.accent)}>
        <Glyph name="loading" />
        verifying
      </span>
    );
  if (verified === null)
    return (
      <span className={classNames(layoutStyles.row, listStyles.iconRow, textStyles.tertiary)}>
        <Glyph name="unknown" />
        {isShort ? 'not verified' : 'not verified yet'}
      </span>
    );
  if (verified.ok)
    return (
      <span className={classNames(layoutStyles.row, listStyles.iconRow, textStyles.secondary)}>
        <span className={textStyles.success}>
          <Glyph name="done" />
        </span>
        verified {age(now - verified.t)}
      </span>
    );
  const problem = verified.problem ?? 'contents differ';
  return <Problem title={problem}>{isShort ? 'damaged' : `damaged: ${problem}`}</Problem>;
}
