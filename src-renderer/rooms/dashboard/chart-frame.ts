/** What all charts of the dashboard share: axis, visible stretch, ticks, colors, and the hand on them. */
import {
  useEffect,
  useMemo,
  useRef,
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
} from 'react';
import type { Curves } from '../../../src-main/contract/index.ts';
import { useEngine, useLost } from '../../engine/index.ts';
import { useColours, type Colors, type LineChart } from '../../kit/chart/index.ts';
import { axisOf, nearest, nearestAt, type Axis, type AxisKind } from './curve-data.ts';
import { look, useCurves, viewWanted, type View } from './curves.ts';

export interface ChartFrame {
  readonly curves: Curves;
  /** The markers that charts show. */
  readonly markers: Curves['markers'];
  readonly axis: Axis;
  /** All of the range, and what of it is visible. */
  readonly domain: View;
  readonly view: View;
  readonly colors: Colors;
  /** Nothing is known after the last point: charts end in a hatch. */
  readonly isStale: boolean;
}

export function useChartFrame(drawn: Curves | null, axisKind: AxisKind): ChartFrame | null {
  const base = useCurves((state) => state.base);
  const view = useCurves((state) => state.view);
  const lost = useLost();
  const colors = useColours(lost);
  const isRecovering = useEngine((state) => state.rooms?.status.state === 'recovering');
  const isStale = isRecovering || lost;
  const axis = useMemo(() => axisOf(axisKind, base?.curves.loss ?? []), [axisKind, base]);
  const markers = useMemo(() => (drawn === null ? [] : drawnMarkers(drawn)), [drawn]);
  return useMemo(() => {
    const whole = base === null ? null : domainOf(base, axis, isStale);
    if (drawn === null || whole === null) return null;
    return {
      curves: drawn,
      markers,
      axis,
      domain: whole,
      view: view ?? whole,
      colors,
      isStale,
    };
  }, [drawn, markers, base, view, axis, colors, isStale]);
}

/** Checkpoints are many and drawn nowhere. */
export const drawnMarkers = (curves: Curves): Curves['markers'] =>
  curves.markers.filter((marker) => marker.kind !== 'checkpoint');

/** All that the axis shows of curves; null without a point. */
export function domainOf(base: Curves, axis: Axis, isStale: boolean): View | null {
  const all = base.curves.loss ?? [];
  const first = all[0];
  const last = all[all.length - 1];
  if (first === undefined || last === undefined) return null;
  const min = axis.kind === 'step' ? base.from : axis.x(first[0], first[1]);
  const end = axis.x(last[0], last[1]);
  return { min, max: Math.max(end + (isStale ? (end - min) * 0.028 : 0), min + 1e-6) };
}

export function zoomed(frame: ChartFrame, center: number, factor: number): View | null {
  const { domain, view } = frame;
  const width = (view.max - view.min) * factor;
  const whole = domain.max - domain.min;
  if (width >= whole) return null;
  const least = frame.axis.kind === 'step' ? 5 : whole / 2000;
  if (width < least) return view;
  const share = (center - view.min) / (view.max - view.min);
  return held(frame, center - share * width, width);
}

/** A view of a width, moved so that it stays inside the domain. */
function held({ domain }: ChartFrame, min: number, width: number): View {
  const start = Math.min(Math.max(domain.min, min), domain.max - width);
  return { min: start, max: start + width };
}

function valueAt(chart: LineChart, clientX: number): number | null {
  const scale = chart.scales['x'];
  const area = chart.chartArea as LineChart['chartArea'] | undefined;
  if (scale === undefined || area === undefined) return null;
  const x = clientX - chart.canvas.getBoundingClientRect().left;
  if (x < area.left - 4 || x > area.right + 4) return null;
  return scale.getValueForPixel(x) ?? null;
}

function setView(view: View | null): void {
  look(view === null ? { view, detail: null } : { view });
}

/** The frame with the view that is on its way to the screen: several turns of a wheel come between two frames. */
const moved = (frame: ChartFrame): ChartFrame => ({ ...frame, view: viewWanted() ?? frame.domain });

/** Pointer, wheel and keys: crosshair, zoom, pan, reset. */
export function useChartHands(frame: ChartFrame, chart: RefObject<LineChart | null>) {
  const box = useRef<HTMLDivElement>(null);
  const dragged = useRef<{ readonly x: number; readonly view: View } | null>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    // React listens passively to the wheel; a zoom must keep the page from scrolling.
    const onWheel = (event: WheelEvent): void => {
      const value = chart.current === null ? null : valueAt(chart.current, event.clientX);
      if (value === null || event.ctrlKey) return;
      event.preventDefault();
      setView(zoomed(moved(frame), value, event.deltaY > 0 ? 1.25 : 0.8));
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      element.removeEventListener('wheel', onWheel);
    };
  }, [frame, chart]);
  const losses = frame.curves.curves.loss ?? [];
  const hoverAt = (clientX: number): void => {
    if (chart.current === null) return;
    const value = valueAt(chart.current, clientX);
    if (value === null) {
      look({ hover: null });
      return;
    }
    const bucket = losses[nearestAt(losses, frame.axis, value)];
    look({ hover: bucket?.[0] ?? null });
  };
  return {
    ref: box,
    onPointerMove(event: PointerEvent) {
      const drag = dragged.current;
      if (drag !== null && chart.current !== null && event.buttons === 1) {
        const { view } = drag;
        const area = chart.current.chartArea;
        const by = ((drag.x - event.clientX) / (area.right - area.left)) * (view.max - view.min);
        setView(held(frame, view.min + by, view.max - view.min));
        return;
      }
      hoverAt(event.clientX);
    },
    onPointerLeave() {
      look({ hover: null });
    },
    onPointerDown(event: PointerEvent) {
      if (useCurves.getState().view === null) return;
      dragged.current = { x: event.clientX, view: frame.view };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerUp() {
      dragged.current = null;
    },
    onDoubleClick() {
      setView(null);
    },
    onKeyDown(event: KeyboardEvent) {
      const now = moved(frame);
      const middle = (now.view.min + now.view.max) / 2;
      const { hover } = useCurves.getState();
      if (event.key === '+' || event.key === '=') setView(zoomed(now, middle, 0.66));
      else if (event.key === '-') setView(zoomed(now, middle, 1.5));
      else if (event.key === '0') setView(null);
      else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
        const at = hover === null ? losses.length - 1 : nearest(losses, hover);
        const to = at + (hover === null ? 0 : event.key === 'ArrowLeft' ? -1 : 1);
        const bucket = losses[Math.min(losses.length - 1, Math.max(0, to))];
        if (bucket !== undefined) look({ hover: bucket[0] });
      } else if (event.key === 'Escape') look({ hover: null });
      else return;
      event.preventDefault();
    },
  };
}
