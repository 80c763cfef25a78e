/** A running or failed restore, also shown when its dialog is closed. */
import { IconX } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useRoom } from '../../../engine/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { clock, duration } from '../../../kit/format.ts';
import { Glyph } from '../../../kit/marks.tsx';
import { useNowSeconds } from '../../../kit/now.ts';
import { usePersistedState } from '../../../kit/persisted-state.ts';
import controlStyles from '../../../kit/styles/controls.module.css';
import layoutStyles from '../../../kit/styles/layout.module.css';
import noticeStyles from '../../../kit/styles/notice.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import { phaseName } from './restore-text.ts';

const isTime = (value: unknown): value is number => typeof value === 'number';

export function RestoreBanner(): ReactElement | null {
  const { restore } = useRoom('lineage');
  const now = useNowSeconds();
  const [seen, setSeen] = usePersistedState('restore-seen', 0, isTime);
  if (restore === null) return null;
  if (restore.state === 'running')
    return (
      <div className={noticeStyles.notice} role="status">
        <Glyph name="loading" />
        <p className={layoutStyles.grow}>
          <b className={textStyles.strong}>{restore.title} is in progress.</b>{' '}
          <span className={textStyles.secondary}>{phaseName(restore.phase)}.</span>
        </p>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {duration(Math.max(0, Math.floor(now - restore.since))).replace('.0', '')}
        </span>
      </div>
    );
  // A restore that failed after the switch is still being repaired, so it can't be dismissed.
  const isSettled = restore.phase !== 'continue';
  if (isSettled && restore.since <= seen) return null;
  return (
    <div className={classNames(noticeStyles.notice, noticeStyles.failure)} role="alert">
      <Glyph name="failed" />
      <p className={layoutStyles.grow}>
        <b className={textStyles.strong}>
          {restore.title} failed during: {phaseName(restore.phase).toLowerCase()}.
        </b>{' '}
        <span className={textStyles.secondary}>{restore.message}</span>
      </p>
      <time className={classNames(noticeStyles.detail, textStyles.caption)}>
        {clock(restore.since, now)}
      </time>
      {isSettled ? (
        <button
          type="button"
          className={controlStyles.iconButton}
          aria-label={`Dismiss: ${restore.title}`}
          onClick={() => {
            setSeen(restore.since);
          }}
        >
          <IconX aria-hidden="true" />
        </button>
      ) : null}
    </div>
  );
}
