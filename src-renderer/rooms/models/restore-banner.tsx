/** A restore that is under way or that failed, for whoever opens the screen meanwhile. */
import type { ReactElement } from 'react';
import { useRoom } from '../../engine/index.ts';
import { clock, duration } from '../../kit/format.ts';
import { Glyph } from '../../kit/marks.tsx';
import { useNowSeconds } from '../../kit/now.ts';
import { actName } from './restore-words.ts';

export function RestoreBanner(): ReactElement | null {
  const { restore } = useRoom('lineage');
  const now = useNowSeconds();
  if (restore === null) return null;
  if (restore.state === 'running')
    return (
      <div className="notice" role="status">
        <Glyph name="loading" />
        <p className="grow">
          <b className="strong">{restore.title} is under way.</b>{' '}
          <span className="t2">{actName(restore.act)}.</span>
        </p>
        <span className="micro num">
          {duration(Math.max(0, Math.floor(now - restore.since))).replace('.0', '')}
        </span>
      </div>
    );
  return (
    <div className="notice fail" role="alert">
      <Glyph name="failed" />
      <p className="grow">
        <b className="strong">
          {restore.title} ended at: {actName(restore.act).toLowerCase()}.
        </b>{' '}
        <span className="t2">{restore.message}</span>
      </p>
      <time className="micro">{clock(restore.since, now)}</time>
    </div>
  );
}
