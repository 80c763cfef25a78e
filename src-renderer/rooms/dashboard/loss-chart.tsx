/** The loss with validation, events and a crosshair. */
import { useMemo, useRef, type ReactElement } from 'react';
import { useRoom } from '../../engine/index.ts';
import type { LineChart } from '../../kit/chart/index.ts';
import { count } from '../../kit/format.ts';
import type { ChartFrame } from './chart-frame.ts';
import { CurvePlot } from './curve-plot.tsx';
import { useCurves } from './curves.ts';
import type { LayerFacts } from './event-layer.ts';
import {
  lossConfigurationOf,
  lossLabelsOf,
  lossSeriesOf,
  type LossOptions,
} from './loss-configuration.ts';
import { LossTip } from './loss-tip.tsx';

export function LossChart({
  frame,
  options,
}: {
  readonly frame: ChartFrame;
  readonly options: LossOptions;
}): ReactElement {
  const chart = useRef<LineChart | null>(null);
  const { clip, log } = options;
  const { curves, axis, colors, isStale } = frame;
  const series = useMemo(() => lossSeriesOf({ curves, axis, colors }), [curves, axis, colors]);
  const { configuration, above } = useMemo(
    () => lossConfigurationOf(frame, series, { clip, log }),
    [frame, series, clip, log],
  );
  const training = useRoom('status').loss_smoothed?.value ?? null;
  const validationDataset = useRoom('status').validation_dataset?.value ?? null;
  const validationFixed = useRoom('status').validation_fixed?.value ?? null;
  const isEarlierPart = useCurves(({ base }) => base !== null && curves.to < base.to);
  const labels = useMemo(
    () =>
      lossLabelsOf(
        curves,
        { training, validationDataset, validationFixed },
        { isStale, isEarlierPart },
      ),
    [curves, training, validationDataset, validationFixed, isStale, isEarlierPart],
  );
  const facts = useMemo(
    (): LayerFacts => ({
      frame,
      isMain: true,
      labels,
      series: series.smooth,
      hasRings: false,
      above,
    }),
    [frame, labels, series, above],
  );
  const losses = labels
    .filter((label) => label.text !== '')
    .map((label) => `${label.name.toLowerCase()} loss ${label.text}`)
    .join(' and ');
  return (
    <CurvePlot
      label={`Chart: ${losses === '' ? 'loss' : losses}, steps ${count(curves.from)} to ${count(curves.to)}. Plus and minus zoom, 0 resets, arrows move the crosshair.`}
      chart={chart}
      facts={facts}
      configuration={configuration}
    >
      <LossTip frame={frame} chart={chart} smooth={series.smooth} />
    </CurvePlot>
  );
}
