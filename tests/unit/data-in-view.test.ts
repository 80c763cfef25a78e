/** Which rows of a list are drawn, from a handful to five million. */
import { expect, test } from 'vitest';
import { inView, LINE_HEIGHT, scrolledTo } from '../../src-renderer/rooms/data/in-view.ts';

const room = 600;

test('a short list is as high as its lines', () => {
  expect(inView(3, 0, room)).toEqual({ height: 3 * LINE_HEIGHT, first: 0, lines: 3 });
  expect(inView(0, 0, room)).toEqual({ height: 0, first: 0, lines: 0 });
});

test.each([100, 20_000, 5_000_000])(
  '%i lines: top, end and every line can be brought into view',
  (total) => {
    expect(inView(total, 0, room).first).toBe(0);
    const { height } = inView(total, 0, room);
    const end = inView(total, height - room, room);
    expect(end.first + end.lines).toBe(total);
    // No browser draws an element of 140 million pixels.
    expect(height).toBeLessThanOrEqual(8_000_000);
    for (const line of [0, 1, Math.floor(total / 3), total - 2, total - 1]) {
      const top = scrolledTo(total, line, 0, room) ?? 0;
      const view = inView(total, top, room);
      expect([line, view.first <= line && line < view.first + view.lines]).toEqual([line, true]);
      expect(view.lines).toBeLessThan(30);
    }
  },
);

test('a line that is in view is not scrolled to', () => {
  expect(scrolledTo(1000, 5, 0, room)).toBeNull();
  expect(scrolledTo(1000, 500, 0, room)).not.toBeNull();
});
