/** Whether a backup is known to be whole: in words, with the age of that knowledge. */
import type { ReactElement } from 'react';
import type { Backup } from '../../../src-main/contract/index.ts';
import { age } from '../../kit/format.ts';
import { Glyph } from '../../kit/marks.tsx';
import { useNowSeconds } from '../../kit/now.ts';

/** `isShort`: without what is damaged, for a table of something else. */
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
      <span className="row acc">
        <Glyph name="loading" />
        verifying
      </span>
    );
  if (verified === null)
    return (
      <span className="row t3">
        <Glyph name="unknown" />
        {isShort ? 'not verified' : 'not verified since it was made'}
      </span>
    );
  if (verified.ok)
    return (
      <span className="row t2">
        <span className="ok">
          <Glyph name="done" />
        </span>
        verified {age(now - verified.t)}
      </span>
    );
  const problem = verified.problem ?? 'its bytes differ';
  return (
    <span className="row fail el" title={problem}>
      <Glyph name="failed" />
      <span className="el">{isShort ? 'damaged' : `damaged: ${problem}`}</span>
    </span>
  );
}
