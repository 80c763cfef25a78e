/**
 * Charts: chart.js in the colors of the program, and primitives for what is drawn over the lines.
 * Promises: no animation; colors follow the theme and the connection; all charts of a screen share
 * one frame budget.
 * Never: knows what the data means.
 */
export { verticalAxis, verticalTicks } from './axes.ts';
export {
  Canvas,
  plain,
  plainBars,
  prewarm,
  type BarChart,
  type BarConfiguration,
  type LineChart,
  type LineConfiguration,
  type Point,
} from './canvas.tsx';
export { faint, readColors, useColors, type Colors } from './colors.ts';
export { drawDot, drawHatch, drawMark, drawText, drawVertical, hatchOf } from './draw.ts';
export { panZoomOptions, panZoomPlugins, type Range } from './pan-zoom.ts';
