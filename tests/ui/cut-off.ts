/** Finds content that can't be seen or reached: beyond an edge, clipped without scrolling, truncated, or covered. */
import type { Page } from 'playwright';

/** One line with the text of each clipped element; empty when nothing is clipped. */
export async function cutOff(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    // Charts adapt to a new window size two frames later.
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
    const found: string[] = [];
    const wide = document.documentElement.scrollWidth - innerWidth;
    if (wide > 0) found.push(`the page is ${String(wide)} px wider than the window`);
    interface Box {
      left: number;
      top: number;
      right: number;
      bottom: number;
    }
    const sides = (box: DOMRect): Box => {
      const { left, top, right, bottom } = box;
      return { left, top, right, bottom };
    };
    const within = (value: number, from: number, to: number): number =>
      Math.min(Math.max(value, from), to);
    /** Where an element exceeds its container. Scrollable content isn't clipped; truncated text is checked separately. */
    const leaves = (element: Element): string | null => {
      const box = sides(element.getBoundingClientRect());
      for (
        let at = element.parentElement;
        at !== null && at !== document.body;
        at = at.parentElement
      ) {
        const style = getComputedStyle(at);
        const edge = at.getBoundingClientRect();
        const ends = style.textOverflow === 'ellipsis' || style.overflowX === 'auto';
        if (ends || style.overflowX === 'scroll') {
          box.left = within(box.left, edge.left, edge.right);
          box.right = within(box.right, edge.left, edge.right);
        } else if (style.overflowX !== 'visible' && box.right > edge.right + 1)
          return `at the right of ${at.className}`;
        if (['auto', 'scroll'].includes(style.overflowY)) {
          box.top = within(box.top, edge.top, edge.bottom);
          box.bottom = within(box.bottom, edge.top, edge.bottom);
        } else if (style.overflowY !== 'visible' && box.bottom > edge.bottom + 1)
          return `at the bottom of ${at.className}`;
      }
      if (box.left < -1 || box.right > innerWidth + 1) return 'at the side of the window';
      if (box.top < -1 || box.bottom > innerHeight + 1) return 'at the bottom of the window';
      return null;
    };
    /** A control that is covered. Ignores controls behind a dialog and those scrolled out of view. */
    const covered = (element: Element): string | null => {
      const dialog = document.querySelector('[role=dialog]');
      if (dialog !== null && !dialog.contains(element)) return null;
      const box = element.getBoundingClientRect();
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      for (let at = element.parentElement; at !== null; at = at.parentElement) {
        const edge = at.getBoundingClientRect();
        const isOut = x < edge.left || x > edge.right || y < edge.top || y > edge.bottom;
        if (isOut && getComputedStyle(at).overflow !== 'visible') return null;
      }
      const hit = document.elementFromPoint(x, y);
      if (hit === null || element.contains(hit) || hit.contains(element)) return null;
      const label = element.closest(
        'label, .mantine-Checkbox-body, .mantine-SegmentedControl-root',
      );
      return label?.contains(hit) === true ? null : `lies under ${hit.outerHTML.slice(0, 60)}`;
    };
    /** Text that is wider than its element: it needs a title when truncated, otherwise it overlaps its neighbor. */
    const shortened = (element: Element): string | null => {
      if (element.clientWidth === 0 || element.scrollWidth <= element.clientWidth + 1) return null;
      const style = getComputedStyle(element);
      if (['auto', 'scroll'].includes(style.overflowX)) return null;
      if (style.overflowX === 'visible') return 'runs over its edge';
      const isNamed = element.closest('[title], [aria-label]') !== null;
      return style.textOverflow === 'ellipsis' && isNamed ? null : 'is shortened without a title';
    };
    /** Scrolling areas too low to show a line of text. */
    for (const element of document.body.querySelectorAll('*')) {
      const scrolls = ['auto', 'scroll'].includes(getComputedStyle(element).overflowY);
      if (
        scrolls &&
        element.checkVisibility() &&
        element.scrollHeight > 40 &&
        element.clientHeight < 40
      )
        found.push(
          `${element.className} shows ${String(element.clientHeight)} px of what it holds`,
        );
    }
    const hidden = '[class*="visuallyHidden"], svg, canvas, [aria-hidden="true"]';
    for (const element of document.body.querySelectorAll('*')) {
      const isControl = element.matches(
        'button, input, select, textarea, a, summary, [role=option]',
      );
      const isText = element.childElementCount === 0 && element.textContent.trim() !== '';
      if ((!isControl && !isText) || element.closest(hidden) !== null) continue;
      const box = element.getBoundingClientRect();
      // Visually hidden elements are one pixel, which zoom enlarges slightly.
      if (box.width <= 2 || box.height <= 2 || !element.checkVisibility()) continue;
      const name = element.getAttribute('aria-label') ?? element.textContent.trim();
      const what = `${element.tagName.toLowerCase()} "${name.slice(0, 60)}"`;
      const where = leaves(element);
      const how = (isText ? shortened(element) : null) ?? (isControl ? covered(element) : null);
      if (where !== null) found.push(`${what} is cut off ${where}`);
      else if (how !== null) found.push(`${what} ${how}`);
    }
    return [...new Set(found)];
  });
}
