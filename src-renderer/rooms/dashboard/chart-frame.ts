/** What the charts of the dashboard share: horizontal axis, visible range, markers and colors. */
import type { PluginOptionsByType } from 'chart.js';
import { useMemo } from 'react';
import type { Curves } from '../../../src-main/contract/index.ts';
import { useEngine, useLost } from '../../engine/index.ts';
import { panZoomOptions, useColors, type Colors } from '../../kit/chart/index.ts';
import { axisOf, type Axis, type AxisKind } from './curve-data.ts';
import { setView, useCurves, type View } from './curves.ts';

export interface ChartFrame {
  readonly curves: Curves;
  /** The markers that charts show. */
  readonly markers: Curves['markers'];
  readonly axis: Axis;
  /** The whole range of the axis. */
  readonly domain: View;
  /** The visible part of it. */
  readonly view: View;
  readonly colors: Colors;
  /** No new values can come; the loss chart ends in a hatch. */
  readonly isStale: boolean;
}

/** Narrowest range when zooming in: steps, or a part of the whole range on the time axes. */
const LEAST_STEPS = 5;
const LEAST_PART = 1 / 2000;

export function useChartFrame(drawn: Curves | null, axisKind: AxisKind): ChartFrame | null {
  const base = useCurves((state) => state.base);
  const view = useCurves((state) => state.view);
  const lost = useLost();
  const colors = useColors(lost);
  const isRecovering = useEngine((state) => state.rooms?.status.state === 'recovering');
  const isStale = isRecovering || lost;
  const axis = useMemo(() => axisOf(axisKind, base?.curves.loss ?? []), [axisKind, base]);
  const markers = useMemo(() => (drawn === null ? [] : drawnMarkers(drawn)), [drawn]);
  return useMemo(() => {
    const domain = base === null ? null : domainOf(base, axis, isStale);
    if (drawn === null || domain === null) return null;
    return { curves: drawn, markers, axis, domain, view: view ?? domain, colors, isStale };
  }, [drawn, markers, base, view, axis, colors, isStale]);
}

/** Without checkpoints, which are too many. */
export const drawnMarkers = (curves: Curves): Curves['markers'] =>
  curves.markers.filter((marker) => marker.kind !== 'checkpoint');

/** The whole range of the axis; null without a point. */
export function domainOf(base: Curves, axis: Axis, isStale: boolean): View | null {
  const buckets = base.curves.loss ?? [];
  const first = buckets[0];
  const last = buckets[buckets.length - 1];
  if (first === undefined || last === undefined) return null;
  const min = axis.kind === 'step' ? base.from : axis.x(first[0], first[1]);
  const end = axis.x(last[0], last[1]);
  return { min, max: Math.max(end + (isStale ? (end - min) * 0.028 : 0), min + 1e-6) };
}

const leastRange = ({ axis, domain }: ChartFrame): number =>
  axis.kind === 'step' ? LEAST_STEPS : (domain.max - domain.min) * LEAST_PART;

/**
 * The view zoomed by a factor around its middle; null for the whole range, which then follows new
 * steps.
 */
export function zoomedView(frame: ChartFrame, factor: number): View | null {
  const { domain, view } = frame;
  const width = (view.max - view.min) * factor;
  if (width >= domain.max - domain.min) return null;
  if (width < leastRange(frame)) return view;
  const middle = (view.min + view.max) / 2;
  const min = Math.min(Math.max(domain.min, middle - width / 2), domain.max - width);
  return { min, max: min + width };
}

/** Zoom and pan with pointer and wheel; all charts follow. */
export function panZoomOf(frame: ChartFrame): PluginOptionsByType<'line'>['zoom'] {
  const { domain, colors } = frame;
  return panZoomOptions({
    domain,
    least: leastRange(frame),
    colors,
    onRange: (range) => {
      const isWhole = range.min <= domain.min && range.max >= domain.max;
      setView(isWhole ? null : range);
    },
  });
}
