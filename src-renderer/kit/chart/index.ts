/**
 * Charts: chart.js in the program's own colours, and what is drawn beside the lines.
 * Promises: nothing moves that did not happen; colours follow the theme and the connection.
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
export { faint, readColours, useColours, type Colours } from './colours.ts';
export { drawDot, drawHatch, drawMark, drawText, drawVertical } from './draw.ts';
