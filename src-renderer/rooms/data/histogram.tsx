/** Tokens per row as a histogram with the max_length line and percentiles. */
import { useElementSize } from '@mantine/hooks';
import { useMemo, useRef, type ReactElement } from 'react';
import { useLost } from '../../engine/index.ts';
import { Canvas, useColors, type BarChart } from '../../kit/chart/index.ts';
import { count, plural } from '../../kit/format.ts';
import { histogramConfigurationOf, type HistogramFacts } from './histogram-configuration.ts';
import styles from './report.module.css';

/** Smaller boxes have no room for bars between the axes. */
const LEAST_WIDTH = 80;
const LEAST_HEIGHT = 100;

function textOf({ lengths, limit, longer }: HistogramFacts): string {
  const percentiles = `Histogram of tokens per row: half have at most ${count(lengths.p50)}, 99 % at most ${count(lengths.p99)}, the longest ${count(lengths.max)}.`;
  if (limit === null) return percentiles;
  return longer === 0
    ? `${percentiles} All rows fit max_length ${count(limit)}.`
    : `${percentiles} ${plural(longer, 'row')} longer than max_length ${count(limit)}.`;
}

export function Histogram({ lengths, limit, longer, rows }: HistogramFacts): ReactElement {
  const { ref, width, height } = useElementSize();
  const chart = useRef<BarChart | null>(null);
  const colors = useColors(useLost());
  const configuration = useMemo(
    () => histogramConfigurationOf({ lengths, limit, longer, rows }, colors),
    [lengths, limit, longer, rows, colors],
  );
  return (
    <div
      className={styles.histogramPlot}
      ref={ref}
      role="img"
      aria-label={textOf({ lengths, limit, longer, rows })}
    >
      {width < LEAST_WIDTH || height < LEAST_HEIGHT ? null : (
        <Canvas configuration={configuration} chart={chart} />
      )}
    </div>
  );
}
