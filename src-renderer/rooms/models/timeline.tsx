/** The validation loss of the lineage as a line, the versions on it as marks with their names. */
import { useMemo, useRef, type ReactElement } from 'react';
import type { Version } from '../../../src-main/contract/index.ts';
import { useAnswer, useLost } from '../../engine/index.ts';
import {
  Canvas,
  drawMark,
  drawText,
  drawVertical,
  plain,
  useColours,
  type Colours,
  type LineChart,
  type LineConfiguration,
} from '../../kit/chart/index.ts';
import { axis, count, loss } from '../../kit/format.ts';

const NAME_ROOM = 44;

interface Mark {
  readonly step: number;
  readonly name: string;
  readonly selected: boolean;
}

function configurationOf(
  curve: readonly { readonly x: number; readonly y: number }[],
  marks: readonly Mark[],
  colours: Colours,
): LineConfiguration {
  const at = (step: number): number =>
    curve.reduce(
      (best, point) => (Math.abs(point.x - step) < Math.abs(best.x - step) ? point : best),
      curve[0] ?? { x: step, y: 0 },
    ).y;
  const values = curve.map((one) => one.y);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const margin = Math.max(0.01, (high - low) * 0.08);
  const last = Math.max(1, ...curve.map((one) => one.x), ...marks.map((one) => one.step));
  return {
    type: 'line',
    data: {
      datasets: [
        {
          data: marks.map((one) => ({ x: one.step, y: at(one.step) })),
          order: 0,
          showLine: false,
          pointRadius: marks.map((one) => (one.selected ? 5 : 3.5)),
          pointBackgroundColor: marks.map((one) => (one.selected ? colours.accent : colours.t1)),
          pointBorderColor: colours.face,
          clip: 6,
        },
        {
          data: [...curve],
          order: 1,
          pointRadius: 0,
          borderColor: colours.t2,
          borderWidth: 1.5,
        },
      ],
    },
    plugins: [
      {
        id: 'names',
        beforeDatasetsDraw: (chart) => {
          const { x } = chart.scales;
          if (x === undefined) return;
          let free = Number.NEGATIVE_INFINITY;
          for (const mark of [...marks].sort((a, b) => a.step - b.step)) {
            const left = x.getPixelForValue(mark.step);
            const colour = mark.selected ? colours.accent : colours.t2;
            drawVertical(
              chart.ctx,
              left,
              chart.chartArea.top - 6,
              chart.chartArea.bottom,
              colours.line,
            );
            drawMark(chart.ctx, 'version', left, 9, colour, 10);
            if (left < free) continue;
            drawText(chart.ctx, mark.name, left + 9, 13, {
              colour,
              font: mark.selected ? '600 11px' : '400 11px',
            });
            free = left + NAME_ROOM;
          }
        },
      },
    ],
    options: {
      ...plain,
      layout: { padding: { top: 24, right: 48 } },
      scales: {
        x: {
          type: 'linear',
          min: 0,
          max: last,
          border: { color: colours['line-strong'] },
          grid: { drawOnChartArea: false, tickColor: colours['line-strong'], tickLength: 4 },
          ticks: {
            color: colours.t3,
            maxRotation: 0,
            maxTicksLimit: 7,
            callback: (value) => axis(Number(value)),
          },
        },
        y: {
          type: 'linear',
          min: Math.max(0, low - margin),
          max: high + margin,
          border: { display: false },
          grid: { color: colours.line, drawTicks: false },
          ticks: {
            color: colours.t3,
            padding: 8,
            maxTicksLimit: 5,
            callback: (value) => Number(value).toFixed(2),
          },
        },
      },
    },
  };
}

export function Timeline({
  versions,
  selected,
}: {
  readonly versions: readonly Version[];
  readonly selected: string | null;
}): ReactElement | null {
  const chart = useRef<LineChart | null>(null);
  const colours = useColours(useLost());
  const { answer } = useAnswer(`timeline|${String(versions.length)}`, (engine) =>
    engine.metrics.curves({ keys: [], buckets: 1 }),
  );
  const configuration = useMemo(() => {
    const curve = (answer?.evaluations ?? []).flatMap((one) => {
      const y = one.core_loss ?? one.slice_loss;
      return y === null ? [] : [{ x: one.step, y }];
    });
    const marks = versions.map((one) => ({
      step: one.step,
      name: `v${String(one.number).padStart(3, '0')}`,
      selected: one.name === selected,
    }));
    return curve.length === 0 ? null : configurationOf(curve, marks, colours);
  }, [answer, versions, selected, colours]);
  if (configuration === null) return null;
  const words = versions
    .map((one) =>
      one.validation_loss === null
        ? `${one.name} at step ${count(one.step)}`
        : `${one.name} at step ${count(one.step)} with ${loss(one.validation_loss)}`,
    )
    .join(', ');
  return (
    <section className="mline" aria-label="Validation loss of the lineage">
      <h2 className="label">Validation loss of the lineage</h2>
      <div className="plot" role="img" aria-label={`Chart: ${words}`}>
        <Canvas className="fillbox" configuration={configuration} chart={chart} />
      </div>
    </section>
  );
}
