/** Selects the engine's notices that are shown as desktop notifications. Pure. */
import { notifiableKinds, type NotifiableKind } from '../contract/host.ts';
import type { Notice } from '../contract/index.ts';

/** The newest notices handled so far: their time (Unix seconds) and the ids with that time. */
export interface NoticeMemory {
  readonly t: number;
  readonly ids: readonly string[];
}

/** Other kinds are only shown in the window. */
const shownKinds: ReadonlySet<Notice['kind']> = new Set(notifiableKinds);

/** More notices than this at once (such as after a long time without the window) are combined. */
const MAX_SEPARATE = 3;

export interface Announcement {
  readonly title: string;
  readonly body: string;
  readonly opens: Notice['opens'];
}

export interface FreshNotices {
  readonly announcements: readonly Announcement[];
  readonly memory: NoticeMemory;
}

/**
 * The notices newer than `memory`, oldest first, and the updated memory. Without a memory (the
 * first time a workspace is opened), notices before `since` (Unix seconds) count as handled.
 * Silenced kinds count as handled without being shown.
 */
export function freshNotices(
  notices: readonly Notice[],
  memory: NoticeMemory | null,
  since: number,
  silenced: readonly NotifiableKind[] = [],
): FreshNotices {
  const from = memory ?? { t: since, ids: [] };
  const fresh = notices
    .filter((notice) => notice.t > from.t || (notice.t === from.t && !from.ids.includes(notice.id)))
    .toSorted((a, b) => a.t - b.t);
  const silencedKinds = new Set<Notice['kind']>(silenced);
  const toShow = fresh.filter(
    (notice) => shownKinds.has(notice.kind) && !silencedKinds.has(notice.kind) && !notice.dismissed,
  );
  return { announcements: combine(toShow), memory: remember(fresh, from) };
}

function remember(fresh: readonly Notice[], from: NoticeMemory): NoticeMemory {
  const newest = fresh.at(-1);
  if (newest === undefined) return from;
  const ids = fresh.filter((notice) => notice.t === newest.t).map((notice) => notice.id);
  return { t: newest.t, ids: newest.t === from.t ? [...from.ids, ...ids] : ids };
}

function combine(notices: readonly Notice[]): readonly Announcement[] {
  const newest = notices.at(-1);
  if (notices.length <= MAX_SEPARATE || newest === undefined)
    return notices.map(({ title, body, opens }) => ({ title, body, opens }));
  const newestFailure = notices.findLast((notice) => notice.tone === 'fail') ?? newest;
  return [
    {
      title: `${String(notices.length)} notices`,
      body: notices
        .slice(-MAX_SEPARATE)
        .map((notice) => notice.title)
        .join('. '),
      opens: newestFailure.opens,
    },
  ];
}

/** Linux notification servers interpret the body as markup. */
export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
