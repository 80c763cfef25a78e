/** Notices from the engine, refused commands, recovery, and the lost connection. */
import { Button } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useState, type ReactElement } from 'react';
import { screenName, type Notice } from '../../../src-main/contract/index.ts';
import { command, tryNow, typed, useEngine, useRoom, useTrouble } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { clock, clockSeconds, duration } from '../../kit/format.ts';
import { Glyph, type GlyphName } from '../../kit/marks.tsx';
import { useNow, useNowSeconds } from '../../kit/now.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import noticeStyles from '../../kit/styles/notice.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './notices.module.css';

/** Most causes name the trainer themselves: `the trainer was killed`. */
const crashText = (cause: string): string =>
  cause.startsWith('the trainer ')
    ? `The trainer ${cause.slice('the trainer '.length)}.`
    : `The trainer crashed: ${cause}.`;

export type OpenScreen = (screen: string) => void;

const SHOWN = 2;
const glyphs: Readonly<Record<Notice['tone'], GlyphName>> = {
  info: 'done',
  warn: 'recovering',
  fail: 'failed',
};
const tones = { info: 'info', warn: 'warning', fail: 'failure' } as const;

function NoticeBar({
  notice,
  onOpen,
}: {
  readonly notice: Notice;
  readonly onOpen: OpenScreen;
}): ReactElement {
  const now = useNowSeconds();
  const live = useEngine((state) => state.connection === 'live');
  return (
    <div
      className={classNames(noticeStyles.notice, noticeStyles[tones[notice.tone]])}
      role={notice.tone === 'info' ? 'status' : 'alert'}
    >
      <Glyph name={glyphs[notice.tone]} />
      <p
        className={classNames(layoutStyles.grow, textStyles.ellipsis)}
        title={typed(`${notice.title} ${notice.body}`)}
      >
        <b className={textStyles.strong}>{notice.title}</b>{' '}
        <span className={textStyles.secondary}>{typed(notice.body)}</span>
      </p>
      <time className={classNames(noticeStyles.detail, textStyles.caption)}>
        {clock(notice.t, now)}
      </time>
      <Button
        size="xs"
        onClick={() => {
          onOpen(notice.opens);
        }}
      >
        Open {screenName(notice.opens)}
      </Button>
      <button
        type="button"
        className={controlStyles.iconButton}
        aria-label={`Dismiss: ${notice.title}`}
        disabled={!live}
        onClick={() => {
          void command((engine) => engine.notices.dismiss({ id: notice.id }));
        }}
      >
        <IconX aria-hidden="true" />
      </button>
    </div>
  );
}

function LostNotice(): ReactElement {
  const heard = useEngine((state) => state.heard);
  const nextTry = useEngine((state) => state.nextTry);
  const now = useNow();
  const quiet = duration(Math.floor((now - heard) / 1000)).replace('.0', '');
  const wait = nextTry === null ? 0 : Math.ceil((nextTry - now) / 1000);
  return (
    <div className={noticeStyles.notice} role="status">
      <Glyph name="lost" />
      <p className={layoutStyles.grow}>
        <b className={textStyles.strong}>No response from the engine for {quiet}.</b>{' '}
        <span className={textStyles.secondary}>
          Training continues without the window. Everything below is as of{' '}
          {clockSeconds(heard / 1000)}.{' '}
          {wait > 0 ? `Retrying in ${String(wait)}\u00a0s.` : 'Retrying now.'}
        </span>
      </p>
      <Button size="xs" onClick={tryNow}>
        Retry now
      </Button>
    </div>
  );
}

function Recovering(): ReactElement | null {
  const status = useRoom('status');
  const { recovery } = status;
  if (status.state !== 'recovering' || recovery === null) return null;
  const saved = status.last_checkpoint_step;
  return (
    <div className={classNames(noticeStyles.notice, noticeStyles.warning)} role="alert">
      <Glyph name="recovering" />
      <p className={layoutStyles.grow}>
        <b className={textStyles.strong}>{crashText(recovery.cause)}</b>{' '}
        <span className={textStyles.secondary}>
          {saved === null
            ? 'Restarting.'
            : `Restarting from checkpoint ${saved.toLocaleString('en-US')}; nothing is lost.`}
        </span>
      </p>
      <span className={classNames(noticeStyles.detail, textStyles.caption, textStyles.number)}>
        {recovery.limit === null
          ? `attempt ${String(recovery.attempt)}`
          : `attempt ${String(recovery.attempt)} of ${String(recovery.limit)}`}{' '}
        without progress
      </span>
    </div>
  );
}

function Failed(): ReactElement | null {
  const status = useRoom('status');
  const notices = useRoom('notices');
  const live = useEngine((state) => state.connection === 'live');
  if (
    status.state !== 'failed' ||
    notices.some((notice) => notice.kind === 'gave_up' && !notice.dismissed)
  )
    return null;
  const what = status.error?.message ?? status.reason ?? 'The trainer can’t run.';
  return (
    <div className={classNames(noticeStyles.notice, noticeStyles.failure)} role="alert">
      <Glyph name="failed" />
      <p className={layoutStyles.grow}>
        <b className={textStyles.strong}>Training stopped and needs your attention.</b>{' '}
        <span className={textStyles.secondary}>{typed(what)}</span>
      </p>
      <Button
        size="xs"
        disabled={!live}
        onClick={() => {
          void command((engine) => engine.training.resume({ by: 'you (window)' }));
        }}
      >
        Retry
      </Button>
    </div>
  );
}

function Refused(): ReactElement | null {
  const trouble = useTrouble((state) => state.trouble);
  if (trouble === null) return null;
  return (
    <div className={classNames(noticeStyles.notice, noticeStyles.failure)} role="alert">
      <Glyph name="refused" />
      <p className={layoutStyles.grow}>
        <b className={textStyles.strong}>{trouble.text}</b>{' '}
        <span className={textStyles.secondary}>{trouble.next}</span>
      </p>
      <button
        type="button"
        className={controlStyles.iconButton}
        aria-label="Close"
        onClick={() => {
          useTrouble.setState({ trouble: null });
        }}
      >
        <IconX aria-hidden="true" />
      </button>
    </div>
  );
}

export function Notices({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  // What went well is in the list of events; only what needs attention stays here.
  const notices = useRoom('notices').filter(({ dismissed, tone }) => !dismissed && tone !== 'info');
  const lost = useEngine((state) => state.connection === 'lost');
  const [all, setAll] = useState(false);
  const newest = [...notices].sort((a, b) => b.t - a.t);
  const shown = all ? newest : newest.slice(0, SHOWN);
  return (
    <div className={styles.notices}>
      {lost ? <LostNotice /> : null}
      <Refused />
      {lost ? null : <Recovering />}
      {lost ? null : <Failed />}
      {shown.map((entry) => (
        <NoticeBar key={entry.id} notice={entry} onOpen={onOpen} />
      ))}
      {newest.length > SHOWN ? (
        <button
          type="button"
          className={classNames(noticeStyles.notice, styles.more, textStyles.caption)}
          aria-expanded={all}
          onClick={() => {
            setAll(!all);
          }}
        >
          {all ? 'Show fewer' : `${String(newest.length - SHOWN)} more`}
        </button>
      ) : null}
    </div>
  );
}
