/** A chart.js chart in a box that fills its place. Drawn at once, never animated. */
import {
  Chart,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  type ChartConfiguration,
} from 'chart.js';
import { useEffect, useRef, type HTMLAttributes, type ReactElement, type RefObject } from 'react';
import { drawInTurn, leaveTurn, type Turn } from './frame-scheduler.ts';

Chart.register(Filler, LinearScale, LineController, LineElement, LogarithmicScale, PointElement);
Chart.defaults.font.family = '"Inter Variable", Inter, system-ui, sans-serif';
Chart.defaults.font.size = 11;

export type LineConfiguration = ChartConfiguration<'line'>;
export type LineChart = Chart<'line'>;
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What every line chart of the program has in common. */
export const plain: NonNullable<LineConfiguration['options']> = {
  animation: false,
  parsing: false,
  normalized: true,
  responsive: true,
  maintainAspectRatio: false,
  events: [],
  spanGaps: false,
};

/** Draws a chart that nobody sees: what draws the first one is compiled by then. Sizes in CSS pixels. */
export function rehearse(configuration: LineConfiguration, width: number, height: number): void {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const options = { ...configuration.options, responsive: false };
  new Chart(canvas, { ...configuration, options }).destroy();
}

export function Canvas({
  configuration,
  chart,
  over,
  isFirst = true,
  ...rest
}: {
  readonly configuration: LineConfiguration;
  readonly chart: RefObject<LineChart | null>;
  /** A second canvas over the first, for what moves with the pointer. */
  readonly over?: RefObject<HTMLCanvasElement | null>;
  /** Drawn with the next frame whatever else there is; others take turns. */
  readonly isFirst?: boolean;
} & HTMLAttributes<HTMLDivElement>): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
  const newest = useRef(configuration);
  const turn = useRef<Turn | null>(null);
  // Scales of another type cannot be exchanged in a living chart.
  const kind = String(configuration.options?.scales?.['y']?.type);
  useEffect(() => {
    newest.current = configuration;
    if (turn.current !== null) drawInTurn(turn.current);
  }, [configuration]);
  useEffect(() => {
    const draw = (): void => {
      const living = chart.current;
      if (living !== null) {
        living.data = newest.current.data;
        living.options = newest.current.options ?? {};
        living.update('none');
      } else if (canvas.current !== null) chart.current = new Chart(canvas.current, newest.current);
    };
    const own: Turn = { isFirst, draw };
    turn.current = own;
    drawInTurn(own);
    if (document.fonts.status !== 'loaded')
      void document.fonts.ready.then(() => {
        if (turn.current === own) drawInTurn(own);
      });
    return () => {
      leaveTurn(own);
      turn.current = null;
      chart.current?.destroy();
      chart.current = null;
    };
  }, [kind, chart, isFirst]);
  return (
    <div {...rest}>
      <canvas ref={canvas} aria-hidden="true" />
      {over === undefined ? null : <canvas ref={over} className="over" aria-hidden="true" />}
    </div>
  );
}
