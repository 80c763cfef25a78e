/** Names of data files: which are taken, how two of one name are told apart. Pure. */
import path from 'node:path';

/** Read as they are or packed (`.jsonl.gz`); parquet packs itself. */
const accepted = /\.((jsonl|json|csv)(\.(gz|zst))?|parquet)$/i;

/** Files that no one means as data: dot files, and what copying programs and editors leave while they work. */
export function isIgnored(name: string): boolean {
  return (
    name.startsWith('.') ||
    name.endsWith('~') ||
    /\.(part|partial|tmp|temp|crdownload|swp)$/i.test(name)
  );
}

export function hasAcceptedExtension(name: string): boolean {
  return accepted.test(name);
}

/** One sentence for a file that is not data; null when its name is accepted. */
export function refuseName(name: string): string | null {
  if (hasAcceptedExtension(name)) return null;
  const extension = path.extname(name);
  const what = extension === '' ? 'has no extension' : `ends in ${extension}`;
  return `${name} ${what}; .jsonl, .json, .csv (also .gz or .zst) and .parquet files are read.`;
}

/** Stem and extension; a packed file keeps both endings together. */
function parts(name: string): readonly [string, string] {
  const last = path.extname(name);
  const extension = accepted.exec(name)?.[0] ?? last;
  return [name.slice(0, name.length - extension.length), extension];
}

/** A plain file name from anything a client may send: no folders, no control characters, no leading dots, at most 200 bytes. */
export function plainName(given: string): string {
  const last = given.split(/[\\/]/).at(-1) ?? '';
  const printable = Array.from(last.normalize('NFC'))
    .filter((letter) => letter >= ' ' && letter !== '\u007f' && !'<>:"|?*'.includes(letter))
    .join('')
    .trim()
    .replace(/^\.+/, '');
  const [whole, extension] = parts(printable);
  let stem = whole;
  while (Buffer.byteLength(stem + extension) > 200) stem = stem.slice(0, -1);
  return stem === '' ? `dataset${extension}` : stem + extension;
}

/** `name`, or the first of `name-2`, `name-3` ... that nobody has. Compared without case, as some file systems do. */
export function freeName(name: string, isTaken: (candidate: string) => boolean): string {
  if (!isTaken(name)) return name;
  const [stem, extension] = parts(name);
  for (let number = 2; ; number += 1) {
    const candidate = `${stem}-${number}${extension}`;
    if (!isTaken(candidate)) return candidate;
  }
}
