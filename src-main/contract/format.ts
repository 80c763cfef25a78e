/**
 * How numbers are written, everywhere: window, notices, journal, command line. A number and its unit are joined by
 * a no-break space, minus is U+2212, thousands have a comma, storage counts in powers of ten. Pure.
 */
const NB = '\u00a0';

/** Shown for a number that isn't known. */
export const UNKNOWN = '—';

/** `1,234.50` */
export function decimal(value: number, digits: number): string {
  const text = Math.abs(value).toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  const isNegative = value < 0 && Number(Math.abs(value).toFixed(digits)) > 0;
  return isNegative ? `−${text}` : text;
}

/** `48,213` */
export const count = (value: number): string => decimal(Math.round(value), 0);

/** Three decimals, for losses. */
export const loss = (value: number): string => decimal(value, 3);

/** `+0.035`, `−0.012`, for the gap. */
export const signed = (value: number): string => (value > 0 ? '+' : '') + decimal(value, 3);

/** `61.8 %`; the value is already in percent. */
export const percent = (value: number, digits = 1): string => `${decimal(value, digits)}${NB}%`;

/** Storage in powers of ten, as the system shows it: `412.6 MB`, `7.2 GB`. */
export function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = 0;
  while (size >= 999.95 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || (unit >= 3 && size >= 99.95) ? 0 : 1;
  return `${decimal(size, digits)}${NB}${units[unit] ?? ''}`;
}

/** Free space that came in GB of 10⁹ bytes. */
export const gigabytes = (value: number): string => bytes(value * 1e9);

/** Memory as the driver counts it (MiB in, powers of two, labeled GB): `17.4 GB`. */
export const memory = (mebibytes: number): string => `${decimal(mebibytes / 1024, 1)}${NB}GB`;

/** `4.5 s`, `54 s`, `54 min`, `1 h 26 min`, `9 d 3 h`. Two units at most; under 10 s one decimal. */
export function duration(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 9.95) return `${decimal(s, 1)}${NB}s`;
  if (s < 59.5) return `${String(Math.round(s))}${NB}s`;
  const minutes = Math.round(s / 60);
  if (minutes < 60) return `${String(minutes)}${NB}min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joined(hours, 'h', minutes % 60, 'min');
  return joined(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const joined = (a: number, unitA: string, b: number, unitB: string): string =>
  `${String(a)}${NB}${unitA}${b === 0 ? '' : ` ${String(b)}${NB}${unitB}`}`;

/** `1 row`, `2 rows` */
export const plural = (n: number, singular: string, many = `${singular}s`): string =>
  `${count(n)} ${n === 1 ? singular : many}`;

/** A time that is known as a range: `40 to 60 s`, `6 to 8 min`, `1 h 50 min to 2 h 20 min`. */
export function durationRange(least: number, most: number): string {
  const [from, to] = [Math.max(0, least), Math.max(0, most)];
  if (to < 59.5) return sameUnit(ceilTo(from, 5), ceilTo(to, 5), 's');
  if (to < 3570) return sameUnit(Math.max(1, from / 60), to / 60, 'min');
  const [a, b] = [duration(ceilTo(from, 600)), duration(ceilTo(to, 600))];
  return a === b ? a : `${a} to ${b}`;
}

const ceilTo = (seconds: number, to: number): number => Math.max(to, Math.round(seconds / to) * to);

function sameUnit(from: number, to: number, unit: string): string {
  const [a, b] = [Math.round(from), Math.round(to)];
  return a === b ? `${String(b)}${NB}${unit}` : `${String(a)} to ${String(b)}${NB}${unit}`;
}

/** Time left for the dataset in training, the same wherever it is shown; null while it is unknown. */
export function timeLeft(status: {
  readonly eta_seconds: number | null;
  readonly eta_range?: { readonly least: number; readonly most: number } | null | undefined;
}): string | null {
  const { eta_seconds: seconds, eta_range: range } = status;
  if (seconds === null || !Number.isFinite(seconds)) return null;
  if (range == null) return `about ${duration(Math.max(1, Math.round(seconds))).replace('.0', '')}`;
  return durationRange(range.least, range.most);
}

/** What an evaluation is doing: `answers 4 of 28`; null when none runs. */
export const evaluationText = (
  evaluation:
    | { readonly what: 'losses' | 'answers'; readonly done: number; readonly total: number }
    | null
    | undefined,
): string | null =>
  evaluation == null
    ? null
    : `${evaluation.what === 'answers' ? 'answer' : 'validation row'} ${count(evaluation.done)} of ${count(evaluation.total)}`;

/**
 * Which weights a figure was measured with: `bf16 weights` for the copy that training in bf16 computes with.
 * null where these are the weights that are saved, or where it isn't recorded.
 */
export const weightsText = (precision: 'bf16' | 'fp32' | null | undefined): string | null =>
  precision === 'bf16' ? 'bf16 weights' : null;

/** `24 of 28 (95 %: 69 to 94 %), 2 unfinished`. */
export function exactText(exact: {
  readonly k: number;
  readonly n: number;
  readonly low: number;
  readonly high: number;
  readonly unfinished: number;
  readonly not_asked?: number | undefined;
}): string {
  const { k, n, low, high, unfinished, not_asked: notAsked = 0 } = exact;
  return [
    `${count(k)} of ${count(n)} (95${NB}%: ${decimal(low * 100, 0)} to ${percent(high * 100, 0)})`,
    unfinished === 0 ? null : `${count(unfinished)} unfinished`,
    notAsked === 0 ? null : `${count(notAsked)} not asked (time limit)`,
  ]
    .filter((part) => part !== null)
    .join(', ');
}
