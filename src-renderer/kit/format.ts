/**
 * What the page alone writes; numbers, sizes and durations come from the contract's format, as they do in every other
 * text. Clock times are the reader's own time zone.
 */
import { decimal, duration } from '../../src-main/contract/format.ts';

export {
  bytes,
  count,
  duration,
  evaluationText,
  exactText,
  gigabytes,
  loss,
  memory,
  percent,
  plural,
  signed,
  timeLeft,
  UNKNOWN,
  weightsText,
} from '../../src-main/contract/format.ts';

const NB = '\u00a0';

/** Two decimals, for gradient norms. */
export const norm = (value: number): string => decimal(value, 2);

/** A learning rate as it is typed: `2e-5`, `0.01`. */
export function rate(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 0.01) return String(Number(value.toPrecision(3)));
  const [digits = '0', exponent = '0'] = value.toExponential(2).split('e');
  return `${String(Number(digits))}e${exponent.replace('+', '').replace('-', '-')}`;
}

/** Age as it ticks: whole seconds under a minute, then whole minutes. */
export function age(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 60) return `${String(Math.floor(s))}${NB}s ago`;
  if (s < 3600) return `${String(Math.floor(s / 60))}${NB}min ago`;
  return `${duration(Math.floor(s / 60) * 60)} ago`;
}

/** Age of a heartbeat: one decimal under 10 s. */
export const beatAge = (seconds: number): string => `${duration(seconds)} ago`;

const two = (n: number): string => String(n).padStart(2, '0');
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `08:06` within 18 h, `Tue 05:45` within six days, else `25 Aug`. Both in Unix seconds. */
export function clock(t: number, now: number): string {
  const date = new Date(t * 1000);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const distance = Math.abs(t - now);
  if (distance <= 18 * 3600) return time;
  if (distance <= 6 * 86_400) return `${WEEKDAYS[date.getDay()] ?? ''} ${time}`;
  return `${String(date.getDate())} ${MONTHS[date.getMonth()] ?? ''}`;
}

/** `07:12:04` */
export function clockSeconds(t: number): string {
  const date = new Date(t * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Shortened in the middle; the last six characters before the ending stay: `openmath…-04`. */
export function shortName(name: string, room: number): string {
  if (name.length <= room) return name;
  const tail = name.slice(-6);
  return `${name.slice(0, Math.max(1, room - tail.length - 1))}…${tail}`;
}

/** A file name without its ending, for strips and marker lanes. */
const stem = (name: string): string =>
  name.replace(/\.(jsonl|ndjson|json|csv|tsv|txt|parquet)(\.\w+)?$/i, '');

/** Names without their extension; those that would be the same keep it: `train.jsonl`, `train.csv`. */
export function stems(names: readonly string[]): (name: string) => string {
  const all = new Set(names);
  return (name) => {
    const short = stem(name);
    return [...all].some((other) => other !== name && stem(other) === short) ? name : short;
  };
}

/** Axis ticks alone may be shortened: `32.5k`. */
export function axis(value: number): string {
  if (Math.abs(value) < 1000) return String(Number(value.toPrecision(6))).replace('-', '−');
  return `${String(Number((value / 1000).toFixed(1)))}k`.replace('-', '−');
}
