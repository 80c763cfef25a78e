/**
 * The records as they stand in a dataset's file, as intake kept them (docs/protocol.md): blocks that are unpacked one at a time.
 * One row costs one block, however large the file is.
 */
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';

const unpack = promisify(zstdDecompress);
const columns = 4;

interface Original {
  readonly text: string;
  /** Of the whole record, in UTF-8. */
  readonly bytes: number;
  readonly cut: boolean;
}

interface Block {
  readonly first: number;
  readonly offset: number;
  readonly length: number;
}

/** Numbers of a little-endian int64 file; empty where there is none. */
export function readNumbers(bytes: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 8) numbers.push(Number(bytes.readBigInt64LE(at)));
  return numbers;
}

async function blocksOf(folder: string): Promise<readonly Block[]> {
  const bytes = await readFile(path.join(folder, 'originals.i64')).catch(() => null);
  if (bytes === null) return [];
  const numbers = readNumbers(bytes);
  const blocks: Block[] = [];
  for (let at = 0; at + columns <= numbers.length; at += columns)
    blocks.push({
      first: numbers[at] ?? 0,
      offset: numbers[at + 1] ?? 0,
      length: numbers[at + 2] ?? 0,
    });
  return blocks;
}

/** An entry is a line `row kept-bytes all-bytes`, then the bytes. Pure. */
function findEntry(block: Buffer, row: number, mostCharacters: number): Original | null {
  let at = 0;
  while (at < block.length) {
    const end = block.indexOf(10, at);
    if (end < 0) return null;
    const [number = 0, kept = 0, bytes = 0] = block
      .subarray(at, end)
      .toString('latin1')
      .split(' ')
      .map(Number);
    if (number === row) {
      const text = block.subarray(end + 1, end + 1 + kept).toString('utf8');
      return {
        text: text.slice(0, mostCharacters),
        bytes,
        cut: kept < bytes || text.length > mostCharacters,
      };
    }
    at = end + 1 + kept;
  }
  return null;
}

/** null: the row is not there, or what was kept of the file does not belong together. */
export async function readOriginal(
  folder: string,
  row: number,
  mostCharacters: number,
): Promise<Original | null> {
  const blocks = await blocksOf(folder);
  let index = blocks.findLastIndex((block) => block.first <= row);
  const handle = await open(path.join(folder, 'originals.zst'), 'r').catch(() => null);
  if (handle === null) return null;
  try {
    // A rejected record of a table may be listed a little later than its line: the block before is looked at too.
    for (let tries = 0; tries < 2 && index >= 0; tries += 1, index -= 1) {
      const block = blocks[index];
      if (block === undefined) return null;
      const packed = Buffer.alloc(block.length);
      await handle.read(packed, 0, block.length, block.offset);
      const found = findEntry(await unpack(packed), row, mostCharacters);
      if (found !== null) return found;
    }
    return null;
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}
