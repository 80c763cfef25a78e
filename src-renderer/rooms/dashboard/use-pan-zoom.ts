/**
 * Pointer and keys on a chart: the crosshair follows them, keys zoom, a double-click resets. Drag
 * and wheel are the plugin's.
 */
import type { KeyboardEvent, PointerEvent, RefObject } from 'react';
import type { LineChart } from '../../kit/chart/index.ts';
import { zoomedView, type ChartFrame } from './chart-frame.ts';
import { nearest, nearestAt } from './curve-data.ts';
import { pendingView, setView, updateNextFrame, useCurves } from './curves.ts';

/** How far outside of the plot the crosshair still follows the pointer, in pixels. */
const EDGE_PX = 4;

function valueAt(chart: LineChart, clientX: number): number | null {
  const scale = chart.scales['x'];
  const area = chart.chartArea as LineChart['chartArea'] | undefined;
  if (scale === undefined || area === undefined) return null;
  const x = clientX - chart.canvas.getBoundingClientRect().left;
  if (x < area.left - EDGE_PX || x > area.right + EDGE_PX) return null;
  return scale.getValueForPixel(x) ?? null;
}

/** Event handlers for the element around a chart. */
export function usePanZoom(frame: ChartFrame, chart: RefObject<LineChart | null>) {
  const losses = frame.curves.curves.loss ?? [];
  const zoomBy = (factor: number): void => {
    // Several key presses can come before the next frame: start from the newest view.
    setView(zoomedView({ ...frame, view: pendingView() ?? frame.domain }, factor));
  };
  const moveCrosshair = (by: -1 | 1): void => {
    const { hover } = useCurves.getState();
    const index = hover === null ? losses.length - 1 : nearest(losses, hover) + by;
    const bucket = losses[Math.min(losses.length - 1, Math.max(0, index))];
    if (bucket !== undefined) updateNextFrame({ hover: bucket[0] });
  };
  const keys: Readonly<Record<string, () => void>> = {
    '+': () => {
      zoomBy(0.66);
    },
    '=': () => {
      zoomBy(0.66);
    },
    '-': () => {
      zoomBy(1.5);
    },
    '0': () => {
      setView(null);
    },
    ArrowLeft: () => {
      moveCrosshair(-1);
    },
    ArrowRight: () => {
      moveCrosshair(1);
    },
    Escape: () => {
      updateNextFrame({ hover: null });
    },
  };
  return {
    onPointerMove(event: PointerEvent) {
      if (chart.current === null) return;
      const value = valueAt(chart.current, event.clientX);
      const bucket = value === null ? undefined : losses[nearestAt(losses, frame.axis, value)];
      updateNextFrame({ hover: bucket?.[0] ?? null });
    },
    onPointerLeave() {
      updateNextFrame({ hover: null });
    },
    onDoubleClick() {
      setView(null);
    },
    onKeyDown(event: KeyboardEvent) {
      const act = keys[event.key];
      if (act === undefined) return;
      act();
      event.preventDefault();
    },
  };
}
