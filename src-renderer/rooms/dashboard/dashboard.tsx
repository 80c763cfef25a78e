/** The dashboard: the last day, the losses, small charts, previews and events. */
import { Button, SegmentedControl } from '@mantine/core';
import { useEffect, useState, type ReactElement } from 'react';
import { command, useRoom } from '../../engine/index.ts';
import { useHost } from '../../host/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { isBoolean, isOneOf, usePersistedState } from '../../kit/persisted-state.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { addFiles } from '../data/index.ts';
import { Notices, type OpenScreen } from '../notices/index.ts';
import { FirstResult } from '../setup/index.ts';
import { useChartFrame } from './chart-frame.ts';
import curvePlotStyles from './curve-plot.module.css';
import { CurveTable } from './curve-table.tsx';
import {
  persistedRange,
  persistedSmoothing,
  RANGES,
  useCurveFeed,
  useDrawnCurves,
  type Range,
} from './curves.ts';
import styles from './dashboard.module.css';
import { DayStrip } from './day-strip.tsx';
import { Events } from './events.tsx';
import { LossChart } from './loss-chart.tsx';
import { LossTools } from './loss-tools.tsx';
import { Previews } from './previews.tsx';
import { Readouts } from './readouts.tsx';
import { SmallCharts } from './small-charts.tsx';

const AXES = ['step', 'time', 'process'] as const;
type AxisName = (typeof AXES)[number];
const RANGE_NAMES: Record<Range, string> = {
  dataset: 'Dataset',
  '24h': '24 h',
  '7d': '7 d',
  all: 'All',
};
const AXIS_NAMES: Record<AxisName, string> = {
  step: 'Step',
  time: 'Time',
  process: 'Process time',
};

export function Dashboard({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const [range, setRange] = usePersistedState<Range>(...persistedRange);
  const [axis, setAxis] = usePersistedState<AxisName>('axis', 'step', isOneOf(AXES));
  const status = useRoom('status');
  const datasets = useRoom('datasets');
  const empty = status.current_step === null && datasets.length === 0;
  return (
    <>
      <div className={layoutStyles.screenBar}>
        <h1 className={textStyles.title}>Dashboard</h1>
        <span className={layoutStyles.spacer} />
        <SegmentedControl
          aria-label="Range"
          value={range}
          onChange={setRange}
          data={RANGES.map((value) => ({ value, label: RANGE_NAMES[value] }))}
        />
        <SegmentedControl
          aria-label="Horizontal axis"
          value={axis}
          onChange={setAxis}
          data={AXES.map((value) => ({ value, label: AXIS_NAMES[value] }))}
        />
      </div>
      <Notices onOpen={onOpen} />
      <FirstResult />
      {empty ? <Empty /> : <Body range={range} axis={axis} />}
    </>
  );
}

function Empty(): ReactElement {
  const host = useHost();
  return (
    <div className={classNames(layoutStyles.screenBody, styles.empty)}>
      <p className={textStyles.title}>Nothing trained in this workspace yet.</p>
      <p className={textStyles.secondary}>Drop a file anywhere to start.</p>
      <div className={layoutStyles.row}>
        <Button
          onClick={() => {
            void host.chooseFiles().then((chosen) => {
              addFiles(chosen, 'normal');
            });
          }}
        >
          Choose files
        </Button>
        <Button
          onClick={() => {
            void command((engine) => engine.setup.sample({}));
          }}
        >
          Use the sample
        </Button>
      </div>
    </div>
  );
}

/** True once the first frame is on screen. */
function useAfterFirstFrame(): boolean {
  const [after, setAfter] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    // The frame callback runs before its frame is painted, the timer after it.
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(() => {
        setAfter(true);
      });
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, []);
  return after;
}

function Body({ range, axis }: { readonly range: Range; readonly axis: AxisName }): ReactElement {
  const [smoothing, setSmoothing] = usePersistedState<number>(...persistedSmoothing);
  const [clip, setClip] = usePersistedState('clip', true, isBoolean);
  const [log, setLog] = usePersistedState('log', false, isBoolean);
  const [table, setTable] = useState(false);
  useCurveFeed(range, smoothing, axis);
  const drawn = useDrawnCurves();
  const frame = useChartFrame(drawn, axis);
  // The loss is drawn first, the rest in the next frame; the sizes in the grid don't depend on it.
  const after = useAfterFirstFrame();
  return (
    <div
      className={classNames(layoutStyles.screenBody, styles.dashboard)}
      tabIndex={0}
      role="region"
      aria-label="Dashboard"
    >
      <DayStrip />
      <section className={styles.loss} aria-label="Loss">
        <div className={styles.lossHeader}>
          <Readouts />
          <span className={layoutStyles.grow} />
          <LossTools
            smoothing={smoothing}
            onSmoothing={setSmoothing}
            options={{ clip, log }}
            onClip={setClip}
            onLog={setLog}
            onTable={
              drawn === null || frame === null
                ? null
                : () => {
                    setTable(true);
                  }
            }
          />
        </div>
        {frame === null ? (
          <p
            className={classNames(
              curvePlotStyles.plot,
              curvePlotStyles.lossPlot,
              curvePlotStyles.empty,
              textStyles.secondary,
            )}
          >
            The curve starts at the first step.
          </p>
        ) : (
          <LossChart frame={frame} options={{ clip, log }} />
        )}
      </section>
      {after ? (
        <>
          <SmallCharts curves={drawn} frame={frame} />
          <Previews />
          <Events />
        </>
      ) : (
        <>
          <div className={styles.smallCharts} />
          <section className={styles.previews} />
          <section className={styles.events} />
        </>
      )}
      {drawn === null || !after ? null : (
        <CurveTable
          curves={drawn}
          opened={table}
          onClose={() => {
            setTable(false);
          }}
        />
      )}
    </div>
  );
}
