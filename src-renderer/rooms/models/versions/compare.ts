/** Two versions side by side. Pure. */
import {
  VALIDATION_DATASET,
  VALIDATION_FIXED,
  type Version,
} from '../../../../src-main/contract/index.ts';
import { count, loss, percent, signed, UNKNOWN, weightsText } from '../../../kit/format.ts';

export interface MetricRow {
  readonly name: string;
  readonly a: string;
  readonly b: string;
  /** Difference b - a as text, null where one of the values is missing. */
  readonly change: string | null;
}

export const matchShare = ({ exact_match: match }: Version): number | null =>
  match === null || match.n === 0 ? null : (match.k / match.n) * 100;

/** A version created between two evaluations has the metrics of the earlier one. */
export function measuredWhere(version: Version): string {
  if (version.validation_loss === null) return 'no evaluation yet';
  return version.evaluated_step === null
    ? 'evaluation step not recorded'
    : [
        `measured at step ${count(version.evaluated_step)}`,
        weightsText(version.evaluated_precision),
      ]
        .filter((part) => part !== null)
        .join(', ');
}

const weightsOf = ({ evaluated_precision: precision }: Version): string =>
  precision == null ? UNKNOWN : `${precision} weights`;

const shown = (value: number | null, text: (value: number) => string): string =>
  value === null ? UNKNOWN : text(value);

const change = (
  a: number | null,
  b: number | null,
  text: (value: number) => string,
): string | null => (a === null || b === null ? null : text(b - a));

/** Metrics of both versions, in the order of the table. */
export function metricRows(a: Version, b: Version): readonly MetricRow[] {
  const points = (value: number): string =>
    `${signed(Math.round(value * 10) / 10).replace(/\.?0+$/, '')} points`;
  const row = (
    name: string,
    of: (version: Version) => number | null,
    text: (value: number) => string,
    difference: (value: number) => string,
  ): MetricRow => ({
    name,
    a: shown(of(a), text),
    b: shown(of(b), text),
    change: change(of(a), of(b), difference),
  });
  return [
    row(
      'Step',
      (version) => version.step,
      count,
      (d) => (d > 0 ? `+${count(d)}` : count(d)),
    ),
    row(VALIDATION_FIXED, (version) => version.validation_loss, loss, signed),
    row(VALIDATION_DATASET, (version) => version.validation_dataset ?? null, loss, signed),
    {
      name: 'Evaluated at step',
      a: shown(a.evaluated_step, count),
      b: shown(b.evaluated_step, count),
      change: null,
    },
    {
      name: 'Evaluated with',
      a: weightsOf(a),
      b: weightsOf(b),
      change: null,
    },
    row('Training loss', (version) => version.training_loss, loss, signed),
    row('Gap', (version) => version.gap, signed, signed),
    row('Exact match', matchShare, percent, points),
  ];
}

/** Names of the datasets trained between the two versions, oldest first. */
export function datasetsBetween(
  versions: readonly Version[],
  a: Version,
  b: Version,
): readonly string[] {
  const [from, to] = a.number < b.number ? [a, b] : [b, a];
  return versions
    .filter((version) => version.number > from.number && version.number <= to.number)
    .sort((x, y) => x.number - y.number)
    .flatMap((version) => version.datasets.map((dataset) => dataset.name));
}

export interface Setting {
  readonly key: string;
  readonly a: string;
  readonly b: string;
}

function flat(value: unknown, prefix = ''): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[prefix, value]];
  return Object.entries(value).flatMap(([key, inner]) =>
    flat(inner, prefix === '' ? key : `${prefix}.${key}`),
  );
}

const textOf = (value: unknown): string => (value === undefined ? 'unset' : JSON.stringify(value));

/** Settings that differ; null when one of the two versions has no recorded settings. */
export function settingsDiffering(a: Version, b: Version): readonly Setting[] | null {
  if (a.config === null || b.config === null) return null;
  const left = new Map(flat(a.config));
  const right = new Map(flat(b.config));
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) => {
    const x = textOf(left.get(key));
    const y = textOf(right.get(key));
    return x === y ? [] : [{ key, a: x, b: y }];
  });
}
