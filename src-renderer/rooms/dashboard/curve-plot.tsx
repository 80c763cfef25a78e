/**
 * A chart of the dashboard with what all of them share: events drawn over the lines, crosshair,
 * zoom and pan.
 */
import {
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type ReactElement,
  type ReactNode,
  type RefObject,
} from 'react';
import {
  Canvas,
  panZoomPlugins,
  type LineChart,
  type LineConfiguration,
} from '../../kit/chart/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { drawCrosshair, useCrosshair } from './crosshair.ts';
import styles from './curve-plot.module.css';
import { eventLayer, type LayerFacts } from './event-layer.ts';
import { usePanZoom } from './use-pan-zoom.ts';

export function CurvePlot({
  label,
  chart,
  facts,
  configuration,
  children,
}: {
  readonly label: string;
  readonly chart: RefObject<LineChart | null>;
  /** Has to be memoized: a new object draws the chart again. */
  readonly facts: LayerFacts;
  readonly configuration: LineConfiguration;
  readonly children?: ReactNode;
}): ReactElement {
  const drawnFacts = useRef<LayerFacts | null>(null);
  const over = useRef<HTMLCanvasElement | null>(null);
  const [layer] = useState(() =>
    eventLayer(
      () => drawnFacts.current,
      (drawn) => {
        drawCrosshair(over.current, drawn, drawnFacts.current);
      },
    ),
  );
  // A layout effect, because the layer needs the new facts before the effect that draws the chart.
  useLayoutEffect(() => {
    drawnFacts.current = facts;
  }, [facts]);
  useCrosshair(over, chart, drawnFacts);
  const handlers = usePanZoom(facts.frame, chart);
  const withPlugins = useMemo(
    () => ({ ...configuration, plugins: [layer, ...panZoomPlugins] }),
    [configuration, layer],
  );
  return (
    <div
      className={classNames(styles.plot, facts.isMain ? styles.lossPlot : styles.smallPlot)}
      role="img"
      tabIndex={facts.isMain ? 0 : undefined}
      aria-label={label}
      {...handlers}
    >
      <Canvas configuration={withPlugins} chart={chart} over={over} isFirst={facts.isMain} />
      {children}
    </div>
  );
}
