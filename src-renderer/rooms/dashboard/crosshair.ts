/**
 * The crosshair on its own canvas, so that a pointer move draws one line and one dot instead of the
 * curves.
 */
import { useEffect, type RefObject } from 'react';
import { drawDot, drawVertical, type LineChart } from '../../kit/chart/index.ts';
import { nearest } from './curve-data.ts';
import { useCurves } from './curves.ts';
import type { LayerFacts } from './event-layer.ts';

function contextOver(canvas: HTMLCanvasElement, chart: LineChart): CanvasRenderingContext2D | null {
  const { width, height, currentDevicePixelRatio: ratio } = chart;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext('2d');
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}

export function drawCrosshair(
  canvas: HTMLCanvasElement | null,
  chart: LineChart | null,
  facts: LayerFacts | null,
): void {
  if (canvas === null || chart === null || facts === null) return;
  const context = contextOver(canvas, chart);
  const x = chart.scales['x'];
  const y = chart.scales['y'];
  const { hover } = useCurves.getState();
  const { frame } = facts;
  const losses = frame.curves.curves.loss ?? [];
  const bucket = hover === null ? undefined : losses[nearest(losses, hover)];
  if (context === null || x === undefined || y === undefined || bucket === undefined) return;
  const { top, bottom, left, right } = chart.chartArea;
  const cross = x.getPixelForValue(frame.axis.x(bucket[0], bucket[1]));
  if (cross < left - 1 || cross > right + 1) return;
  drawVertical(context, cross, facts.isMain ? top : 0, bottom, frame.colors.t2);
  const point = facts.series[nearest(facts.series, bucket[0])];
  if (point === undefined) return;
  drawDot(
    context,
    x.getPixelForValue(frame.axis.x(point[0], point[1])),
    Math.min(bottom, Math.max(top, y.getPixelForValue(point[2]))),
    facts.isMain ? 4 : 3.2,
    facts.hasRings ? frame.colors.t1 : frame.colors.accent,
    frame.colors.face,
  );
}

/** Redraws the crosshair when the pointer moves on any chart. */
export function useCrosshair(
  over: RefObject<HTMLCanvasElement | null>,
  chart: RefObject<LineChart | null>,
  facts: RefObject<LayerFacts | null>,
): void {
  useEffect(
    () =>
      useCurves.subscribe((state, before) => {
        if (state.hover !== before.hover) drawCrosshair(over.current, chart.current, facts.current);
      }),
    [over, chart, facts],
  );
}
