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

/** With the time of its announcement. */
type DueNotice = Notice & { readonly due: number };

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
    .flatMap((notice): DueNotice[] => {
      const due = notice.announced === undefined ? notice.t : notice.announced;
      return due === null ? [] : [{ ...notice, due }];
    })
    .filter(({ id, due }) => due > from.t || (due === from.t && !from.ids.includes(id)))
    .toSorted((a, b) => a.due - b.due);
  const silencedKinds = new Set<Notice['kind']>(silenced);
  const toShow = fresh.filter(
    (notice) => shownKinds.has(notice.kind) && !silencedKinds.has(notice.kind) && !notice.dismissed,
  );
  return { announcements: combine(toShow), memory: remember(fresh, from) };
}

function remember(fresh: readonly DueNotice[], from: NoticeMemory): NoticeMemory {
  const newest = fresh.at(-1);
  if (newest === undefined) return from;
  const ids = fresh.filter(({ due }) => due === newest.due).map((notice) => notice.id);
  return { t: newest.due, ids: newest.due === from.t ? [...from.ids, ...ids] : ids };
}

/** Those of one kind that were held back are announced as one. */
function combineHeldBack(notices: readonly DueNotice[]): readonly DueNotice[] {
  const keyOf = ({ kind, due, announced }: DueNotice): string | null =>
    announced == null ? null : `${kind} ${String(due)}`;
  return notices.flatMap((notice, index) => {
    const key = keyOf(notice);
    if (key === null) return [notice];
    const group = notices.filter((other) => keyOf(other) === key);
    if (group.length === 1) return [notice];
    if (notices.findLastIndex((other) => keyOf(other) === key) !== index) return [];
    return [
      {
        ...notice,
        title: `${notice.title}, and ${String(group.length - 1)} more`,
        body: `${notice.body} ${String(group.length)} of this kind in 10 min.`,
      },
    ];
  });
}

function combine(all: readonly DueNotice[]): readonly Announcement[] {
  const notices = combineHeldBack(all);
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
