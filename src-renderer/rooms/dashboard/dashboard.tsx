/** The dashboard: is it alive, what did it do, what is it learning. */
import { Button, Checkbox, SegmentedControl, Slider } from '@mantine/core';
import { useEffect, useState, type ReactElement } from 'react';
import { command, useRoom } from '../../engine/index.ts';
import { useHost } from '../../host/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { isBoolean, isOneOf, usePersistedState } from '../../kit/persisted-state.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { takeIn } from '../data/index.ts';
import { Notices, type OpenScreen } from '../notices/index.ts';
import { useChartFrame } from './chart-frame.ts';
import { CurveTable } from './curve-table.tsx';
import {
  keptRange,
  keptSmoothing,
  ranges,
  useCurveFeed,
  useCurves,
  useDrawn,
  type Range,
} from './curves.ts';
import { DayStrip } from './day-strip.tsx';
import { Events } from './events.tsx';
import { LossChart } from './loss-chart.tsx';
import { Previews } from './previews.tsx';
import { Readouts } from './readouts.tsx';
import { SmallCharts } from './small-charts.tsx';
import './dashboard.css';

const axes = ['step', 'time', 'process'] as const;
type AxisName = (typeof axes)[number];
const rangeNames: Record<Range, string> = {
  dataset: 'Dataset',
  '24h': '24 h',
  '7d': '7 d',
  all: 'All',
};
const axisNames: Record<AxisName, string> = { step: 'Step', time: 'Time', process: 'Process time' };

export function Dashboard({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const [range, setRange] = usePersistedState<Range>(...keptRange);
  const [axis, setAxis] = usePersistedState<AxisName>('axis', 'step', isOneOf(axes));
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
          data={ranges.map((value) => ({ value, label: rangeNames[value] }))}
        />
        <SegmentedControl
          aria-label="Horizontal axis"
          value={axis}
          onChange={setAxis}
          data={axes.map((value) => ({ value, label: axisNames[value] }))}
        />
      </div>
      <Notices onOpen={onOpen} />
      {empty ? <Empty /> : <Body range={range} axis={axis} />}
    </>
  );
}

function Empty(): ReactElement {
  const host = useHost();
  return (
    <div className={classNames(layoutStyles.screenBody, 'empty')}>
      <p className={textStyles.title}>Nothing has been trained in this workspace.</p>
      <p className={textStyles.secondary}>Drop a file anywhere to begin.</p>
      <div className={layoutStyles.row}>
        <Button
          onClick={() => {
            void host.chooseFiles().then((chosen) => {
              takeIn(chosen, 'normal');
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

/** True as soon as the first frame is on screen. */
function useAfterFirstFrame(): boolean {
  const [after, setAfter] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    // The callback runs before its frame is painted, the timer after it.
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
  const [smoothing, setSmoothing] = usePersistedState<number>(...keptSmoothing);
  const [shown, setShown] = useState(smoothing);
  const [clip, setClip] = usePersistedState('clip', true, isBoolean);
  const [log, setLog] = usePersistedState('log', false, isBoolean);
  const [table, setTable] = useState(false);
  useCurveFeed(range, smoothing, axis);
  const drawn = useDrawn();
  const base = useCurves((state) => state.base);
  const isZoomed = useCurves((state) => state.view !== null);
  const frame = useChartFrame(drawn, axis);
  // The curve of the loss is what is looked for; all else comes with the frame after it, into places whose size does not depend on it.
  const after = useAfterFirstFrame();
  return (
    <div
      className={classNames(layoutStyles.screenBody, 'dash')}
      tabIndex={0}
      role="region"
      aria-label="Dashboard"
    >
      <DayStrip />
      <section className="d-loss" aria-label="Loss">
        <div className="lhead">
          <Readouts curves={base} />
          <span className={layoutStyles.grow} />
          <div className="tools">
            {isZoomed ? (
              <Button
                size="xs"
                onClick={() => {
                  useCurves.setState({ view: null, detail: null });
                }}
              >
                Reset zoom
              </Button>
            ) : null}
            <span className="tog">
              Smoothing
              <Slider
                className="smoothing"
                thumbLabel="Smoothing"
                min={0}
                max={0.99}
                step={0.01}
                value={shown}
                onChange={setShown}
                onChangeEnd={setSmoothing}
              />
              <span className={classNames(textStyles.number, 'value')}>{shown.toFixed(2)}</span>
            </span>
            <Checkbox
              label="Clip outliers"
              checked={clip}
              onChange={(event) => {
                setClip(event.currentTarget.checked);
              }}
            />
            <Checkbox
              label="Log"
              checked={log}
              onChange={(event) => {
                setLog(event.currentTarget.checked);
              }}
            />
            {drawn === null || frame === null ? null : (
              <button
                type="button"
                className={classNames(controlStyles.linkButton, textStyles.caption)}
                onClick={() => {
                  setTable(true);
                }}
              >
                Show as table
              </button>
            )}
          </div>
        </div>
        {frame === null ? (
          <p className={classNames('plot', 'nothing', textStyles.secondary)}>
            The curve begins with the first step.
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
          <div className="d-small" />
          <section className="d-prev" />
          <section className="d-feed" />
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
