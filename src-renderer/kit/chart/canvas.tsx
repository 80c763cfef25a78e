/** A chart.js chart that fills its parent. Drawn at once, without animation. */
import {
  BarController,
  BarElement,
  Chart,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  type ChartConfiguration,
  type DefaultDataPoint,
} from 'chart.js';
import { useEffect, useRef, type HTMLAttributes, type ReactElement, type RefObject } from 'react';
import { classNames } from '../class-names.ts';
import styles from './chart.module.css';
import { cancelDraw, scheduleDraw, type DrawTask } from './frame-scheduler.ts';
import { drawChart } from './pan-zoom.ts';

Chart.register(
  BarController,
  BarElement,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
);
Chart.defaults.font.family = '"Inter Variable", Inter, system-ui, sans-serif';
Chart.defaults.font.size = 11;

export interface Point {
  readonly x: number;
  readonly y: number;
}
export type LineConfiguration = ChartConfiguration<'line'>;
export type LineChart = Chart<'line'>;
export type BarConfiguration = ChartConfiguration<'bar', Point[]>;
export type BarChart = Chart<'bar', Point[]>;

/** Options that every bar chart of the program shares. */
export const plainBars: NonNullable<BarConfiguration['options']> = {
  animation: false,
  parsing: false,
  normalized: true,
  responsive: true,
  maintainAspectRatio: false,
  events: [],
};

/** Options that every line chart of the program shares. */
export const plain: NonNullable<LineConfiguration['options']> = {
  animation: false,
  parsing: false,
  normalized: true,
  responsive: true,
  maintainAspectRatio: false,
  events: [],
  spanGaps: false,
};

/**
 * Draws a chart off screen, so that the code that draws the first visible one is compiled. Sizes in
 * CSS pixels.
 */
export function prewarm(configuration: LineConfiguration, width: number, height: number): void {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const options = { ...configuration.options, responsive: false };
  new Chart(canvas, { ...configuration, options }).destroy();
}

export function Canvas<Kind extends 'line' | 'bar', Data = DefaultDataPoint<Kind>>({
  configuration,
  chart,
  over,
  isFirst = true,
  className,
  ...rest
}: {
  readonly configuration: ChartConfiguration<Kind, Data>;
  readonly chart: RefObject<Chart<Kind, Data> | null>;
  /** A second canvas on top, for what moves with the pointer. */
  readonly over?: RefObject<HTMLCanvasElement | null>;
  /** Drawn in the next frame in any case; the others when the frame has time left. */
  readonly isFirst?: boolean;
} & HTMLAttributes<HTMLDivElement>): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
  const newest = useRef(configuration);
  const task = useRef<DrawTask | null>(null);
  // chart.js can't change the type of a scale in an existing chart.
  const kind = String(configuration.options?.scales?.['y']?.type);
  useEffect(() => {
    newest.current = configuration;
    if (task.current !== null) scheduleDraw(task.current);
  }, [configuration]);
  useEffect(() => {
    const draw = (): void => {
      const existing = chart.current;
      if (existing !== null)
        drawChart(existing, () => {
          const { data, options } = newest.current;
          existing.data = data;
          if (options !== undefined) existing.options = options;
          existing.update('none');
        });
      else if (canvas.current !== null) {
        chart.current = new Chart(canvas.current, newest.current);
        drawChart(chart.current, () => undefined);
      }
    };
    const drawTask: DrawTask = { isFirst, draw };
    task.current = drawTask;
    scheduleDraw(drawTask);
    if (document.fonts.status !== 'loaded')
      void document.fonts.ready.then(() => {
        if (task.current === drawTask) scheduleDraw(drawTask);
      });
    return () => {
      cancelDraw(drawTask);
      task.current = null;
      chart.current?.destroy();
      chart.current = null;
    };
  }, [kind, chart, isFirst]);
  return (
    <div className={classNames(styles.fill, className)} {...rest}>
      <canvas ref={canvas} aria-hidden="true" />
      {over === undefined ? null : <canvas ref={over} className={styles.over} aria-hidden="true" />}
    </div>
  );
}
