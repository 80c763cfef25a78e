/** Lines of files: all of them in constant memory, or the last ones. `Tail` follows a file that grows. */
import { openRegular } from './regular-file.ts';
import { isMissing, unlessTemporary } from './system-errors.ts';

const NEWLINE = 10;
const END_BYTES = 1 << 20;
const BACKWARD_BYTES = 1 << 16;

/**
 * Every whole line without its newline. A last line that has none is given only with `withCut`: its writer may be in
 * the middle of it. Nothing when the file doesn't exist; throws what the disk throws.
 */
export async function* readLines(
  file: string,
  options: { readonly withCut?: boolean } = {},
): AsyncGenerator<string, void, undefined> {
  let rest: Buffer[] = [];
  try {
    const handle = await openRegular(file);
    for await (const piece of handle.createReadStream({ highWaterMark: 1 << 18 })) {
      const chunk = piece as Buffer;
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
        const part = chunk.subarray(from, at);
        yield (rest.length === 0 ? part : Buffer.concat([...rest, part])).toString('utf8');
        rest = [];
        from = at + 1;
      }
      if (from < chunk.length) rest.push(chunk.subarray(from));
    }
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  if (options.withCut === true && rest.length > 0) yield Buffer.concat(rest).toString('utf8');
}

/** The value of every whole line that is JSON; junk, and a last line that a crash cut, are skipped. */
export async function readJsonLines(file: string): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const line of readLines(file)) {
    if (line === '') continue;
    try {
      values.push(JSON.parse(line));
    } catch {
      // A line that a crash cut in two; its writer writes it again after the restart.
    }
  }
  return values;
}

/**
 * Whole lines without their newline, the last one first: reads only as much of the file's end as is
 * asked for. A last line without a newline is left out. Nothing when the file doesn't exist.
 */
export async function* readLinesBackward(file: string): AsyncGenerator<string, void, undefined> {
  const handle = await openRegular(file).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (handle === null) return;
  try {
    let rest: Buffer[] = [];
    let isWhole = false;
    for (let end = (await handle.stat()).size; end > 0;) {
      const from = Math.max(0, end - BACKWARD_BYTES);
      const chunk = Buffer.alloc(end - from);
      await handle.read(chunk, 0, chunk.length, from);
      let until = chunk.length;
      while (until > 0) {
        const newline = chunk.lastIndexOf(NEWLINE, until - 1);
        if (newline === -1) break;
        if (isWhole)
          yield Buffer.concat([chunk.subarray(newline + 1, until), ...rest]).toString('utf8');
        isWhole = true;
        rest = [];
        until = newline;
      }
      if (isWhole) rest.unshift(chunk.subarray(0, until));
      end = from;
    }
    if (isWhole) yield Buffer.concat(rest).toString('utf8');
  } finally {
    await handle.close();
  }
}

/** The text of a file's last `bytes`; null when it can't be opened. `isCut`: there is more before it. */
export async function readEnd(
  file: string,
  bytes = END_BYTES,
): Promise<{ readonly text: string; readonly isCut: boolean } | null> {
  const handle = await openRegular(file).catch(unlessTemporary(null));
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - bytes);
    const buffer = Buffer.alloc(size - from);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
    return { text: buffer.subarray(0, bytesRead).toString('utf8'), isCut: from > 0 };
  } finally {
    await handle.close();
  }
}

export interface LastLines {
  readonly lines: readonly string[];
  /** There are lines before these. */
  readonly isCut: boolean;
}

/**
 * The last lines, from no more than the file's last megabyte, whatever its size. The line at its end counts without a
 * newline too. null when the file can't be opened.
 */
export async function lastLines(
  file: string,
  limit = Number.POSITIVE_INFINITY,
): Promise<LastLines | null> {
  const end = await readEnd(file);
  if (end === null) return null;
  const lines = end.text.split('\n');
  if (end.isCut) lines.shift();
  if (lines.at(-1) === '') lines.pop();
  return { lines: lines.slice(-limit), isCut: end.isCut || lines.length > limit };
}
