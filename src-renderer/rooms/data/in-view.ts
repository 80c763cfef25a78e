/** Which lines of a long list are visible. Pure; heights in pixels. */
export const LINE_HEIGHT = 28;
/** Browsers limit the height of an element; a longer list scrolls proportionally. */
const MAX_HEIGHT = 8_000_000;

/** The visible part of `total` lines when the list is scrolled to `top` and shows `room` pixels. */
export function inView(
  total: number,
  top: number,
  room: number,
): { readonly height: number; readonly first: number; readonly lines: number } {
  const full = total * LINE_HEIGHT;
  const height = Math.min(full, MAX_HEIGHT);
  const lines = Math.min(total, Math.ceil(room / LINE_HEIGHT) + 1);
  const scrollable = Math.max(1, height - room);
  const first =
    Math.round((Math.min(top, scrollable) / scrollable) * Math.max(0, full - room)) / LINE_HEIGHT;
  return { height, first: Math.max(0, Math.min(total - lines, Math.floor(first))), lines };
}

/** The scroll position that brings a line into view; null when it is visible already. */
export function scrolledTo(total: number, line: number, top: number, room: number): number | null {
  const { height, first, lines } = inView(total, top, room);
  if (line >= first && line < first + lines - 2) return null;
  const full = total * LINE_HEIGHT;
  const fraction = (line * LINE_HEIGHT - room / 2) / Math.max(1, full - room);
  return Math.max(0, Math.min(1, fraction)) * Math.max(0, height - room);
}
