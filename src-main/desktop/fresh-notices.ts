/** Which notices of the engine become notifications of the system. Pure. */
import { notifiableKinds, type NotifiableKind } from '../contract/host.ts';
import type { Notice } from '../contract/index.ts';

/** The newest notices that were shown: their time (Unix seconds) and the ids of that time. */
export interface NoticeMemory {
  readonly t: number;
  readonly ids: readonly string[];
}

/** Kinds that are worth leaving what one is doing. The others wait in the window. */
const shown: ReadonlySet<Notice['kind']> = new Set(notifiableKinds);

/** More than this at once (a long time without a window) become one. */
const AT_ONCE = 3;

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
 * What is newer than the memory, oldest first, and the memory after that. `since` (Unix seconds) stands in for a memory that does
 * not exist yet: what was told before this workspace was ever opened here is not told again. `silenced` kinds are remembered, not told.
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
  const quiet = new Set<Notice['kind']>(silenced);
  const telling = fresh.filter(
    (notice) => shown.has(notice.kind) && !quiet.has(notice.kind) && !notice.dismissed,
  );
  return { announcements: grouped(telling), memory: remember(fresh, from) };
}

function remember(fresh: readonly Notice[], from: NoticeMemory): NoticeMemory {
  const newest = fresh.at(-1);
  if (newest === undefined) return from;
  const ids = fresh.filter((notice) => notice.t === newest.t).map((notice) => notice.id);
  return { t: newest.t, ids: newest.t === from.t ? [...from.ids, ...ids] : ids };
}

function grouped(telling: readonly Notice[]): readonly Announcement[] {
  const newest = telling.at(-1);
  if (telling.length <= AT_ONCE || newest === undefined)
    return telling.map(({ title, body, opens }) => ({ title, body, opens }));
  const needsYou = telling.findLast((notice) => notice.tone === 'fail') ?? newest;
  return [
    {
      title: `${String(telling.length)} notices`,
      body: telling
        .slice(-AT_ONCE)
        .map((notice) => notice.title)
        .join('. '),
      opens: needsYou.opens,
    },
  ];
}

/** The servers of Linux read the body as markup; the texts are text. */
export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
