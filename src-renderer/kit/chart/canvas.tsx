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

export function Canvas({
  configuration,
  chart,
  ...rest
}: {
  readonly configuration: LineConfiguration;
  readonly chart: RefObject<LineChart | null>;
} & HTMLAttributes<HTMLDivElement>): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
  const newest = useRef(configuration);
  // Scales of another type cannot be exchanged in a living chart.
  const kind = String(configuration.options?.scales?.['y']?.type);
  useEffect(() => {
    newest.current = configuration;
    const living = chart.current;
    if (living === null) return;
    living.data = configuration.data;
    living.options = configuration.options ?? {};
    living.update('none');
  }, [configuration, chart]);
  useEffect(() => {
    if (canvas.current === null) return;
    const made = new Chart(canvas.current, newest.current);
    chart.current = made;
    void document.fonts.ready.then(() => {
      if (chart.current === made) made.update('none');
    });
    return () => {
      chart.current = null;
      made.destroy();
    };
  }, [kind, chart]);
  return (
    <div {...rest}>
      <canvas ref={canvas} aria-hidden="true" />
    </div>
  );
}
