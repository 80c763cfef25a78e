/** Names of data files: which are accepted, and how two of the same name are kept apart. Pure. */
import path from 'node:path';
import { visibleText } from '../../contract/index.ts';

/** For messages. */
export const SUPPORTED_FILES =
  '.jsonl, .ndjson, .json, .csv, .tsv and .txt (optionally .gz or .zst), .parquet';

/** Plain or compressed (`.jsonl.gz`); Parquet compresses itself. */
const ACCEPTED = /\.((jsonl|ndjson|json|csv|tsv|txt)(\.(gz|zst))?|parquet)$/i;

const ARCHIVE = /\.(zip|tar|tgz|tar\.(gz|zst|xz|bz2)|bz2|xz|7z|rar)$/i;
/** Texts that lie beside data in a folder; nobody means to train them. */
const DOCUMENTATION =
  /^(readme|licen[cs]e|copying|notice|authors|changelog|changes|requirements|citation)\b.*\.txt$/i;
const SPREADSHEET = /\.(xlsx?|ods)$/i;

/** Dot files, and temporary files of editors and copy programs. */
export function isIgnored(name: string): boolean {
  return (
    name.startsWith('.') ||
    name.endsWith('~') ||
    /\.(part|partial|tmp|temp|crdownload|swp)$/i.test(name)
  );
}

export function hasAcceptedExtension(name: string): boolean {
  return ACCEPTED.test(name);
}

/** Why a file of this name isn't accepted; null when it is. */
export function refuseName(name: string): string | null {
  if (DOCUMENTATION.test(name))
    return `${name} looks like documentation. Rename it to train on it as raw text.`;
  if (hasAcceptedExtension(name)) return null;
  const extension = path.extname(name);
  if (ARCHIVE.test(name))
    return `${name} is an archive. Unpack it and add the files inside. Supported: ${SUPPORTED_FILES}.`;
  if (SPREADSHEET.test(name)) return `${name} is a spreadsheet. Save it as .csv and add that.`;
  const what = extension === '' ? 'has no extension' : `ends in ${extension}`;
  return `${visibleText(name)} ${what}. Supported: ${SUPPORTED_FILES}.`;
}

/** Stem and extension; `.jsonl.gz` is one extension. */
function parts(name: string): readonly [string, string] {
  const last = path.extname(name);
  const extension = ACCEPTED.exec(name)?.[0] ?? last;
  return [name.slice(0, name.length - extension.length), extension];
}

/** A safe file name from any client input: no folders, control characters or leading dots; at most 200 bytes. */
export function plainName(given: string): string {
  const last = given.split(/[\\/]/).at(-1) ?? '';
  const printable = Array.from(last.normalize('NFC'))
    .filter((letter) => visibleText(letter) === letter && !'<>:"|?*'.includes(letter))
    .join('')
    .trim()
    .replace(/^\.+/, '');
  const [whole, extension] = parts(printable);
  let stem = whole;
  while (Buffer.byteLength(stem + extension) > 200) stem = stem.slice(0, -1);
  return stem === '' ? `dataset${extension}` : stem + extension;
}

/** `name`, or the first of `name-2`, `name-3` … that is free. */
export function freeName(name: string, isTaken: (candidate: string) => boolean): string {
  if (!isTaken(name)) return name;
  const [stem, extension] = parts(name);
  for (let number = 2; ; number += 1) {
    const candidate = `${stem}-${number}${extension}`;
    if (!isTaken(candidate)) return candidate;
  }
}
