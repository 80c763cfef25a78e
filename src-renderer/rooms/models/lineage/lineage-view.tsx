/** Validation loss per branch with versions, checkpoints and backups; points are selected by pointer or arrow keys. */
import {
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type ReactElement,
} from 'react';
import { useAnswer, useLost, useRoom } from '../../../engine/index.ts';
import { Canvas, useColors, type LineChart } from '../../../kit/chart/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { choose, openDialog, useModels } from '../models-store.ts';
import { chosenOf, restorableOf, type SavedModels } from '../saved-models.ts';
import { LINEAGE_TITLE } from './lineage-placeholder.tsx';
import type { LayerState } from './branch-labels.ts';
import { configurationOf } from './chart-configuration.ts';
import { discardedRangeOf } from './discarded-range.ts';
import { LineageLegend } from './lineage-legend.tsx';
import { lineagePlotOf, type LineagePlot, type PlotMark } from './lineage-plot.ts';
import styles from './lineage.module.css';
import { describeChart, describeMark } from './mark-text.ts';
import { marksLayer, placeOf } from './marks-layer.ts';

/** Hit radius around a mark, CSS pixels. */
const REACH = 14;

/** null until the first validation loss is measured. */
export function useLineagePlot(saved: SavedModels): LineagePlot | null {
  const lineage = useRoom('lineage');
  const { current_step: now, validation_loss: measured } = useRoom('status');
  const { answer } = useAnswer(
    `plot|${lineage.head}|${String(measured?.step)}|${String(saved.versions.length)}`,
    (engine) => engine.metrics.validation(),
  );
  return useMemo(
    () => (answer === null ? null : lineagePlotOf(lineage, saved, answer, now)),
    [lineage, saved, answer, now],
  );
}

function nearestMark(
  chart: LineChart,
  marks: readonly PlotMark[],
  x: number,
  y: number,
): PlotMark | null {
  let best: { readonly mark: PlotMark; readonly distance: number } | null = null;
  const middle = chart.chartArea.bottom;
  for (const mark of marks) {
    const place = placeOf(chart, mark);
    // A version's line spans the full height of the plot, so only the step counts there.
    const apart = mark.kind === 'version' && y < middle ? 0 : place.y - y;
    const distance = Math.hypot(place.x - x, apart);
    if (distance <= REACH && (best === null || distance < best.distance)) best = { mark, distance };
  }
  return best?.mark ?? null;
}

export function LineageView({
  plot,
  saved,
  chosen,
}: {
  readonly plot: LineagePlot;
  readonly saved: SavedModels;
  readonly chosen: string | null;
}): ReactElement {
  const chart = useRef<LineChart | null>(null);
  const facts = useRef<LayerState | null>(null);
  const lineage = useRoom('lineage');
  const plan = useModels((state) => state.plan);
  const colors = useColors(useLost());
  const [shown, setShown] = useState<string | null>(null);
  const [layer] = useState(() => marksLayer(() => facts.current));
  const discarded = useMemo(
    () => (plan === null ? null : discardedRangeOf(plan, lineage)),
    [plan, lineage],
  );
  useLayoutEffect(() => {
    facts.current = { plot, colors, chosen, discarded };
    chart.current?.draw();
  }, [plot, colors, chosen, discarded]);
  const configuration = useMemo(
    () => ({ ...configurationOf(plot, colors, discarded), plugins: [layer] }),
    [plot, colors, discarded, layer],
  );
  const { marks } = plot;
  const tip = marks.find((mark) => mark.key === shown) ?? null;
  const find = (event: MouseEvent<HTMLElement>): PlotMark | null => {
    if (chart.current === null) return null;
    const box = event.currentTarget.getBoundingClientRect();
    return nearestMark(chart.current, marks, event.clientX - box.left, event.clientY - box.top);
  };
  const left = tip === null || chart.current === null ? 0 : placeOf(chart.current, tip).x;
  return (
    <section
      className={classNames(styles.lineage, plan !== null && styles.highlighted)}
      data-highlighted={plan !== null}
      aria-label={LINEAGE_TITLE}
    >
      <LineageLegend hasAbandoned={lineage.branches.length > 1} />
      <div className={styles.plot}>
        <div
          className={styles.fill}
          role="img"
          aria-label={describeChart(plot, saved, lineage.branches.length)}
        >
          <Canvas className={styles.fill} configuration={configuration} chart={chart} />
        </div>
        <PointSlider marks={marks} saved={saved} chosen={chosen} onShow={setShown} onFind={find} />
        {tip === null ? null : (
          <p
            className={classNames(styles.tooltip, tip.step > plot.last / 2 && styles.leftOfPoint)}
            style={{ left }}
          >
            {describeMark(tip, saved)}
          </p>
        )}
      </div>
    </section>
  );
}

/** Selects a mark by pointer or arrow keys. Lies over the plot. */
function PointSlider({
  marks,
  saved,
  chosen,
  onShow,
  onFind,
}: {
  readonly marks: readonly PlotMark[];
  readonly saved: SavedModels;
  readonly chosen: string | null;
  readonly onShow: (key: string | null) => void;
  /** The mark under the pointer. */
  readonly onFind: (event: MouseEvent<HTMLElement>) => PlotMark | null;
}): ReactElement {
  const index = marks.findIndex((mark) => mark.key === chosen);
  const current = marks[index];
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = {
      ArrowRight: index + 1,
      ArrowUp: index + 1,
      ArrowLeft: index === -1 ? marks.length - 1 : index - 1,
      ArrowDown: index === -1 ? marks.length - 1 : index - 1,
      Home: 0,
      End: marks.length - 1,
    }[event.key];
    if (event.key === 'Escape') onShow(null);
    else if (event.key === 'Enter') {
      const point = chosenOf(saved, chosen);
      const can = point === null ? null : restorableOf(point);
      if (can?.kind === 'can') openDialog({ kind: 'restore', source: can.source });
    } else if (to !== undefined) {
      const next = marks[Math.min(marks.length - 1, Math.max(0, to))];
      if (next !== undefined) {
        choose(next.key);
        onShow(next.key);
      }
      event.preventDefault();
    }
  };
  return (
    <div
      className={styles.pointSlider}
      role="slider"
      tabIndex={marks.length === 0 ? -1 : 0}
      aria-label="Saved points"
      aria-valuemin={1}
      aria-valuemax={Math.max(1, marks.length)}
      aria-valuenow={Math.max(1, index + 1)}
      aria-valuetext={current === undefined ? 'none selected' : describeMark(current, saved)}
      onKeyDown={onKeyDown}
      onFocus={() => {
        onShow(chosen);
      }}
      onBlur={() => {
        onShow(null);
      }}
      onPointerMove={(event) => {
        onShow(onFind(event)?.key ?? null);
      }}
      onPointerLeave={() => {
        onShow(null);
      }}
      onClick={(event) => {
        const hit = onFind(event);
        if (hit !== null) choose(hit.key);
      }}
    />
  );
}
