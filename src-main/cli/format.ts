/** Formats numbers, times and tables for terminal output. Pure. */
import * as format from '../contract/format.ts';

export { columns, table } from './output/table.ts';

export const UNKNOWN = 'unknown';

/** Replaces no-break spaces: scripts split terminal output at plain spaces. */
export const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

export function decimal(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined || !Number.isFinite(value)
    ? UNKNOWN
    : format.decimal(value, digits);
}

/** 12,345 */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : format.count(value);
}

/** 4.0 s, 54 s, 3 min, 2 h 5 min, 3 d 4 h */
export function duration(seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined || !Number.isFinite(seconds)
    ? UNKNOWN
    : plain(format.duration(seconds));
}

/** 412 bytes, 1.5 MB */
export const bytes = (value: number): string => plain(format.bytes(value));

/** Memory from bytes, in powers of two as the GPU driver reports it. */
export const memory = (value: number): string => plain(format.memory(value / 2 ** 20));

export const gigabytes = (value: number | null): string =>
  value === null ? UNKNOWN : plain(format.gigabytes(value));

/** `, bf16 weights` after a measured figure; empty where these are the weights that are saved. */
export function withWeights(precision: 'bf16' | 'fp32' | null | undefined): string {
  const weights = format.weightsText(precision);
  return weights === null ? '' : `, ${weights}`;
}

/** 2026-11-24 02:15:00 in local time. `t` in Unix seconds. */
export function dateTime(t: number): string {
  const date = new Date(t * 1000);
  const twoDigits = (value: number): string => String(value).padStart(2, '0');
  return (
    `${String(date.getFullYear())}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())} ` +
    `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}:${twoDigits(date.getSeconds())}`
  );
}

/** A progress bar of `width` cells; `fraction` from 0 to 1. */
export function bar(fraction: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return '#'.repeat(filled) + '.'.repeat(width - filled);
}
