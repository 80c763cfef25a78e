/**
 * Whether the end of a file is there, for files that have no last line: compressed files, Parquet and
 * JSON documents.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { openRegular } from '../../kit/regular-file.ts';

/** Larger files aren't read to the end: that they are unchanged and closed has to do. */
const MAX_READ_BYTES = 64 * 1024 * 1024;
const PARQUET_MAGIC = 'PAR1';
const HEAD_BYTES = 4096;

export type FileEnd = 'whole' | 'no_end';

/** null for a file that ends in a line. */
export async function checkFileEnd(file: string): Promise<FileEnd | null> {
  const name = file.toLowerCase();
  if (name.endsWith('.gz') || name.endsWith('.zst')) return checkCompressed(file);
  const handle = await openRegular(file);
  try {
    const { size } = await handle.stat();
    if (size === 0) return 'whole';
    if (name.endsWith('.parquet'))
      return (await textAt(handle, Math.max(0, size - 4), 4)) === PARQUET_MAGIC
        ? 'whole'
        : 'no_end';
    const first = (await textAt(handle, 0, HEAD_BYTES)).replace(/^\ufeff/, '').trimStart()[0];
    // A .jsonl file can hold an array as well.
    if (first !== '[' && !(first === '{' && name.endsWith('.json'))) return null;
  } finally {
    await handle.close();
  }
  return checkBrackets(file);
}

async function textAt(handle: FileHandle, position: number, length: number): Promise<string> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.toString('utf8', 0, bytesRead);
}

/** A stream that ends too early is incomplete; any other damage is for validation to name. */
async function checkCompressed(file: string): Promise<FileEnd> {
  const source = createReadStream(file, { end: MAX_READ_BYTES });
  const unpack = file.toLowerCase().endsWith('.gz') ? createGunzip() : createZstdDecompress();
  const nowhere = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  try {
    await pipeline(source, unpack, nowhere);
    return 'whole';
  } catch (error) {
    const isEarly =
      error instanceof Error && /unexpected end|incomplete|truncat/i.test(error.message);
    return isEarly && source.bytesRead <= MAX_READ_BYTES ? 'no_end' : 'whole';
  }
}

/** Whether every bracket outside of strings is closed. */
async function checkBrackets(file: string): Promise<FileEnd> {
  const source = createReadStream(file, { end: MAX_READ_BYTES });
  let depth = 0;
  let isString = false;
  let isEscaped = false;
  for await (const block of source as AsyncIterable<Buffer>)
    for (const byte of block) {
      if (isEscaped) isEscaped = false;
      else if (isString) {
        if (byte === 0x5c) isEscaped = true;
        else if (byte === 0x22) isString = false;
      } else if (byte === 0x22) isString = true;
      else if (byte === 0x5b || byte === 0x7b) depth += 1;
      else if (byte === 0x5d || byte === 0x7d) depth -= 1;
    }
  return source.bytesRead <= MAX_READ_BYTES && (depth > 0 || isString) ? 'no_end' : 'whole';
}
