/**
 * Numbers and times as text. Number and unit are joined by a no-break space, minus is U+2212, an unknown is a dash.
 * Clock times are the reader's own time zone.
 */
const NB = '\u00a0';
export const UNKNOWN = '—';

const fixed = (value: number, digits: number): string =>
  Math.abs(value)
    .toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replace(/^/, value < 0 && Number(Math.abs(value).toFixed(digits)) > 0 ? '−' : '');

/** `48,213` */
export const count = (value: number): string => fixed(Math.round(value), 0);

/** Three decimals, for losses. */
export const loss = (value: number): string => fixed(value, 3);

/** `+0.035`, `−0.012`, for the gap. */
export const signed = (value: number): string => (value > 0 ? '+' : '') + fixed(value, 3);

/** Two decimals, for gradient norms. */
export const norm = (value: number): string => fixed(value, 2);

/** A learning rate as it is typed: `2e-5`, `0.01`. */
export function rate(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 0.01) return String(Number(value.toPrecision(3)));
  const [digits = '0', exponent = '0'] = value.toExponential(2).split('e');
  return `${String(Number(digits))}e${exponent.replace('+', '').replace('-', '-')}`;
}

/** `61.8 %`; the value is already in per cent. */
export const percent = (value: number, digits = 1): string => `${fixed(value, digits)}${NB}%`;

/** Storage as the system shows it, powers of ten: `412.6 MB`, `7.2 GB`. */
export function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = 0;
  while (size >= 999.95 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || (unit >= 3 && size >= 99.95) ? 0 : 1;
  return `${fixed(size, digits)}${NB}${units[unit] ?? ''}`;
}

/** Free space that came in GB of 10⁹. */
export const gigabytes = (value: number): string => bytes(value * 1e9);

/** Memory as the driver counts it (MiB in, powers of two, labeled GB): `17.4 GB`. */
export const memory = (mebibytes: number): string => `${fixed(mebibytes / 1024, 1)}${NB}GB`;

/** `4.5 s`, `54 s`, `54 min`, `1 h 26 min`, `9 d 3 h`. Two units at most; under 10 s one decimal. */
export function duration(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 9.95) return `${fixed(s, 1)}${NB}s`;
  if (s < 59.5) return `${String(Math.round(s))}${NB}s`;
  const minutes = Math.round(s / 60);
  if (minutes < 60) return `${String(minutes)}${NB}min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joined(hours, 'h', minutes % 60, 'min');
  return joined(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const joined = (a: number, unitA: string, b: number, unitB: string): string =>
  `${String(a)}${NB}${unitA}${b === 0 ? '' : ` ${String(b)}${NB}${unitB}`}`;

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

/** Time left, rounded to a minute, above 3 h to five. `estimating` for the first 30 steps and while it is unknown. */
export function timeLeft(seconds: number | null, stepsSeen: number): string {
  if (seconds === null || stepsSeen < 30) return 'estimating';
  if (seconds < 60) return `${duration(Math.max(1, Math.round(seconds)))} left`.replace('.0', '');
  const to = seconds > 3 * 3600 ? 300 : 60;
  return `${duration(Math.round(seconds / to) * to)} left`;
}

/** Shortened in the middle; the last six characters before the ending stay: `openmath…-04`. */
export function shortName(name: string, room: number): string {
  if (name.length <= room) return name;
  const tail = name.slice(-6);
  return `${name.slice(0, Math.max(1, room - tail.length - 1))}…${tail}`;
}

/** A file name without its ending, for strips and marker lanes. */
export const stem = (name: string): string =>
  name.replace(/\.(jsonl|json|csv|parquet)(\.\w+)?$/i, '');

/** `1 row`, `2 rows` */
export const plural = (n: number, name: string, many = `${name}s`): string =>
  `${count(n)} ${n === 1 ? name : many}`;

/** Axis ticks alone may be shortened: `32.5k`. */
export function axis(value: number): string {
  if (Math.abs(value) < 1000) return String(Number(value.toPrecision(6))).replace('-', '−');
  return `${String(Number((value / 1000).toFixed(1)))}k`.replace('-', '−');
}
