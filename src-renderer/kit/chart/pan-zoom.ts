/**
 * Zoom and pan of the horizontal axis with chartjs-plugin-zoom. The range lives outside of the
 * chart, because several charts share it: the plugin computes the next range, and the charts are
 * drawn with it by the frame scheduler.
 */
import type { Chart, Plugin, PluginOptionsByType } from 'chart.js';
import zoomPlugin from 'chartjs-plugin-zoom';
import { faint, type Colors } from './colors.ts';

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The part of a chart that is used here, for charts of any type. */
type AnyChart = Pick<Chart, 'scales'>;

const drawnRanges = new WeakMap<AnyChart, Range>();
const drawing = new WeakSet<AnyChart>();

/**
 * The range that the options of the horizontal axis ask for, which is newer than the drawn one
 * after a zoom.
 */
function rangeOf(chart: AnyChart): Range | null {
  const options = chart.scales['x']?.options as Partial<Range> | undefined;
  return options?.min === undefined || options.max === undefined
    ? null
    : { min: options.min, max: options.max };
}

/** Runs the update that the frame scheduler asked for. */
export function drawChart(chart: AnyChart, update: () => void): void {
  drawing.add(chart);
  update();
  drawing.delete(chart);
  const range = rangeOf(chart);
  if (range !== null) drawnRanges.set(chart, range);
}

/**
 * The plugin updates a chart in every event handler. An update for a new range is skipped: the
 * shared range changes instead, and drawing twice per frame would be too slow. Other updates (a
 * resize, the box of a selection) go through.
 */
const skipRangeUpdates: Plugin<'line'> = {
  id: 'skip-range-updates',
  beforeUpdate(chart) {
    const range = rangeOf(chart);
    const drawn = drawnRanges.get(chart);
    if (drawing.has(chart) || range === null || drawn === undefined) return true;
    return range.min === drawn.min && range.max === drawn.max;
  },
};

/** To be listed in the `plugins` of a chart that has `panZoomOptions`. */
export const panZoomPlugins: readonly Plugin<'line'>[] = [zoomPlugin, skipRangeUpdates];

/**
 * Drag selects a range, Shift and drag pans, Ctrl and wheel (or a pinch) zooms; the wheel alone
 * scrolls the page.
 * `least`: the narrowest range. `onRange` gets every new range.
 */
export function panZoomOptions(options: {
  readonly domain: Range;
  readonly least: number;
  readonly colors: Colors;
  readonly onRange: (range: Range) => void;
}): PluginOptionsByType<'line'>['zoom'] {
  const { domain, least, colors, onRange } = options;
  const report = ({ chart }: { readonly chart: Chart }): void => {
    const range = rangeOf(chart);
    const scale = chart.scales['x'];
    if (range === null || scale === undefined) return;
    // The next event may come before the frame is drawn: it has to start from this range.
    scale.min = range.min;
    scale.max = range.max;
    scale.configure();
    onRange(range);
  };
  return {
    limits: { x: { min: domain.min, max: domain.max, minRange: least } },
    zoom: {
      mode: 'x',
      drag: { enabled: true, threshold: 4, backgroundColor: faint(colors.t1, 0.12) },
      wheel: { enabled: true, modifierKey: 'ctrl', speed: 0.2 },
      pinch: { enabled: true },
      onZoom: report,
    },
    pan: { enabled: true, mode: 'x', modifierKey: 'shift', threshold: 4, onPan: report },
  };
}
