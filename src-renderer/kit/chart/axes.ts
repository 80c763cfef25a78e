/** The vertical axis of a chart: horizontal lines only, and labels left of them. */
import type { Colors } from './colors.ts';

export const verticalAxis = (colors: Colors, width: number) => ({
  border: { display: false },
  grid: { color: colors.line, drawTicks: false },
  afterFit: (scale: { width: number }): void => {
    scale.width = width;
  },
});

export const verticalTicks = (colors: Colors) => ({
  color: colors.t3,
  padding: 8,
  includeBounds: false,
});
