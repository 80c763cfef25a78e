/** Which lines of a long list are in view. Pure; heights in pixels. */
export const LINE = 28;
/** Browsers draw no element much higher than this; a longer list scrolls in proportion. */
const HIGHEST = 8_000_000;

/** What is in view of `total` lines when the list is scrolled to `top`. Pure. */
export function inView(
  total: number,
  top: number,
  room: number,
): { readonly height: number; readonly first: number; readonly lines: number } {
  const full = total * LINE;
  const height = Math.min(full, HIGHEST);
  const lines = Math.min(total, Math.ceil(room / LINE) + 1);
  const scrollable = Math.max(1, height - room);
  const first =
    Math.round((Math.min(top, scrollable) / scrollable) * Math.max(0, full - room)) / LINE;
  return { height, first: Math.max(0, Math.min(total - lines, Math.floor(first))), lines };
}

/** Where to scroll so that a line is in view; null when it is. Pure. */
export function scrolledTo(total: number, line: number, top: number, room: number): number | null {
  const { height, first, lines } = inView(total, top, room);
  if (line >= first && line < first + lines - 2) return null;
  const full = total * LINE;
  const share = (line * LINE - room / 2) / Math.max(1, full - room);
  return Math.max(0, Math.min(1, share)) * Math.max(0, height - room);
}
