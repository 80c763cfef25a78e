/**
 * The raw records of a dataset, stored by intake in compressed blocks (docs/protocol.md). Reading a row
 * decompresses one block, however large the file is.
 */
import path from 'node:path';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { openRegular, readRegular } from '../../kit/regular-file.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

const decompress = promisify(zstdDecompress);
/** Numbers per block in originals.i64: first row, offset, length, rows. */
const COLUMNS = 4;

interface Original {
  readonly text: string;
  /** Length of the whole record in UTF-8. */
  readonly bytes: number;
  readonly cut: boolean;
}

interface Block {
  readonly firstRow: number;
  readonly offset: number;
  readonly length: number;
}

/** The numbers of a little-endian int64 file. */
export function readNumbers(bytes: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 8) numbers.push(Number(bytes.readBigInt64LE(at)));
  return numbers;
}

async function readBlocks(folder: string): Promise<readonly Block[]> {
  const bytes = await readRegular(path.join(folder, 'originals.i64')).catch(unlessTemporary(null));
  if (bytes === null) return [];
  const numbers = readNumbers(bytes);
  const blocks: Block[] = [];
  for (let at = 0; at + COLUMNS <= numbers.length; at += COLUMNS)
    blocks.push({
      firstRow: numbers[at] ?? 0,
      offset: numbers[at + 1] ?? 0,
      length: numbers[at + 2] ?? 0,
    });
  return blocks;
}

/** A block is a sequence of `row stored-bytes total-bytes`, a newline, then the stored bytes. Pure. */
function findRow(block: Buffer, row: number, maxCharacters: number): Original | null {
  let at = 0;
  while (at < block.length) {
    const end = block.indexOf(10, at);
    if (end < 0) return null;
    const [number = 0, stored = 0, bytes = 0] = block
      .subarray(at, end)
      .toString('latin1')
      .split(' ')
      .map(Number);
    if (number === row) {
      const text = block.subarray(end + 1, end + 1 + stored).toString('utf8');
      return {
        text: text.slice(0, maxCharacters),
        bytes,
        cut: stored < bytes || text.length > maxCharacters,
      };
    }
    at = end + 1 + stored;
  }
  return null;
}

/** null when the row isn't stored, or when the two files don't match. */
export async function readOriginal(
  folder: string,
  row: number,
  maxCharacters: number,
): Promise<Original | null> {
  const blocks = await readBlocks(folder);
  let index = blocks.findLastIndex((block) => block.firstRow <= row);
  const handle = await openRegular(path.join(folder, 'originals.zst')).catch(unlessTemporary(null));
  if (handle === null) return null;
  try {
    // A rejected record of a table can be stored after rows that start later, so the block before is checked too.
    for (let tries = 0; tries < 2 && index >= 0; tries += 1, index -= 1) {
      const block = blocks[index];
      if (block === undefined) return null;
      const compressed = Buffer.alloc(block.length);
      await handle.read(compressed, 0, block.length, block.offset);
      const found = findRow(await decompress(compressed), row, maxCharacters);
      if (found !== null) return found;
    }
    return null;
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}
