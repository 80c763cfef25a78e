/**
 * Charts: chart.js in the program's own colors, and what is drawn beside the lines.
 * Promises: nothing moves that did not happen; colors follow the theme and the connection.
 * Never: knows what is drawn.
 */
export {
  Canvas,
  plain,
  rehearse,
  type LineChart,
  type LineConfiguration,
  type Point,
} from './canvas.tsx';
export { faint, readColours, useColours, type Colors } from './colors.ts';
export { drawDot, drawHatch, drawMark, drawText, drawVertical } from './draw.ts';
