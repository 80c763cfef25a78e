/** Tokens per row: bars, the max_length line, percentiles on the axis. */
import { useElementSize } from '@mantine/hooks';
import { useId, type ReactElement } from 'react';
import type { DatasetReport } from '../../../src-main/contract/index.ts';
import { count, percent, plural } from '../../kit/format.ts';

type Lengths = NonNullable<DatasetReport['lengths']>['whole'];

const LEFT = 46;
const RIGHT = 14;
/** Room for what is written at the limit. */
const WORDS = 180;
const TOP = 34;
const BOTTOM = 40;

function niceStep(span: number, most: number): number {
  const raw = span / most;
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(raw, 1e-9)));
  return Math.max(
    1,
    [1, 2, 2.5, 5, 10].map((value) => value * magnitude).find((value) => value >= raw) ?? raw,
  );
}

const upTo = (end: number, step: number, from: number): readonly number[] =>
  Array.from({ length: Math.floor((end - from) / step) + 1 }, (_, index) => from + index * step);

export function Histogram({
  lengths,
  limit,
  longer,
  rows,
}: {
  readonly lengths: Lengths;
  /** max_length; null when these are not whole rows. */
  readonly limit: number | null;
  /** Rows beyond the limit. */
  readonly longer: number;
  readonly rows: number;
}): ReactElement {
  const { ref, width, height } = useElementSize();
  const pattern = useId();
  const bins = lengths.histogram;
  const end = Math.max(
    bins[bins.length - 1]?.to ?? 1,
    lengths.max,
    limit !== null && limit < lengths.max * 3 ? limit : 0,
  );
  const tallest = Math.max(1, ...bins.map((bin) => bin.count));
  const x = (tokens: number): number => LEFT + (tokens / end) * Math.max(0, width - LEFT - RIGHT);
  const y = (n: number): number =>
    TOP + (1 - n / (tallest * 1.06)) * Math.max(0, height - TOP - BOTTOM);
  const floor = height - BOTTOM;
  const shown = limit !== null && limit <= end;
  const marks: readonly (readonly [string, number])[] = [
    ['p50', lengths.p50],
    ['p95', lengths.p95],
    ['p99', lengths.p99],
    ['max', lengths.max],
  ];
  let free = 0;
  // The words stand on the side of the line that has room for them.
  const isLate = limit !== null && x(limit) > width - WORDS;
  const beside = {
    x: limit === null ? 0 : x(limit) + (isLate ? -8 : 8),
    textAnchor: isLate ? ('end' as const) : ('start' as const),
  };
  return (
    <div className="plot" ref={ref}>
      {width < 80 || height < 100 ? null : (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={
            `Histogram of tokens per row: half have at most ${count(lengths.p50)}, 99 % at most ${count(lengths.p99)}, the longest ${count(lengths.max)}.` +
            (limit === null
              ? ''
              : ` ${plural(longer, 'row')} longer than max_length ${count(limit)}.`)
          }
        >
          <defs>
            <pattern
              id={pattern}
              width="4"
              height="4"
              patternUnits="userSpaceOnUse"
              patternTransform="rotate(45)"
            >
              <rect width="4" height="4" fill="var(--warn-soft)" />
              <path d="M0 0V4" stroke="var(--warn)" strokeWidth="2.4" />
            </pattern>
          </defs>
          <text x={LEFT} y={TOP - 13} className="axis">
            rows
          </text>
          {upTo(tallest, niceStep(tallest, 3), niceStep(tallest, 3)).map((n) => (
            <g key={n}>
              <path
                d={`M${String(LEFT)} ${String(y(n))}H${String(width - RIGHT)}`}
                stroke="var(--line)"
              />
              <text x={LEFT - 8} y={y(n) + 4} textAnchor="end" className="axis">
                {count(n)}
              </text>
            </g>
          ))}
          {bins.map((bin) => (
            <rect
              key={bin.from}
              x={x(bin.from) + 0.5}
              y={Math.min(y(bin.count), floor - (bin.count > 0 ? 1 : 0))}
              width={Math.max(1, x(bin.to) - x(bin.from) - 1.5)}
              height={Math.max(bin.count > 0 ? 1 : 0, floor - y(bin.count))}
              fill={limit !== null && bin.from >= limit ? `url(#${pattern})` : 'var(--n3)'}
            />
          ))}
          <path
            d={`M${String(LEFT)} ${String(floor + 0.5)}H${String(width - RIGHT)}`}
            stroke="var(--line-strong)"
          />
          {upTo(end, niceStep(end, 7), 0).map((tokens) => (
            <text key={tokens} x={x(tokens)} y={floor + 15} textAnchor="middle" className="axis">
              {count(tokens)}
            </text>
          ))}
          {marks.map(([name, tokens]) => {
            const text = `${name} ${count(tokens)}`;
            const half = text.length * 3.1;
            const at = Math.min(x(tokens), width - RIGHT - half);
            // A name that would lie on its neighbor is left out; its tick stays.
            const fits = at - half > free;
            if (fits) free = at + half + 6;
            return (
              <g key={name}>
                <path d={`M${String(x(tokens))} ${String(floor + 20)}v5`} stroke="var(--t2)" />
                {fits ? (
                  <text x={at} y={height - 4} textAnchor="middle" className="axis strongest">
                    {text}
                  </text>
                ) : null}
              </g>
            );
          })}
          {shown ? (
            <>
              <path
                d={`M${String(x(limit))} ${String(TOP - 22)}V${String(floor)}`}
                stroke="var(--t1)"
                strokeWidth="1.5"
              />
              <text {...beside} y={TOP - 13} className="axis limit">
                max_length {count(limit)}
              </text>
              {longer === 0 ? null : (
                <text {...beside} y={TOP + 2} className={'axis warn'}>
                  {plural(longer, 'row')} longer, {percent((longer / Math.max(1, rows)) * 100)}
                </text>
              )}
            </>
          ) : limit === null ? null : (
            <text x={width - RIGHT} y={TOP - 13} textAnchor="end" className="axis strongest">
              all rows fit max_length {count(limit)}
            </text>
          )}
        </svg>
      )}
    </div>
  );
}
