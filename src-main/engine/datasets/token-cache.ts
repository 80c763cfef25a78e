/**
 * Reads a dataset's token cache (docs/protocol.md): which rows have examples, and their decoded text.
 * Only the row number of each example (4 bytes) and the bytes of the tokens that occur are kept in
 * memory.
 */
import path from 'node:path';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { TOKEN_BYTES_STEMS } from '../../formats/index.ts';
import { readNumbers } from './originals.ts';
import { openRegular, readRegular } from '../../kit/regular-file.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

/** Six int64: offset, length, row, trained tokens, prompt length, kind. */
const EXAMPLE_BYTES = 48;
const KIND_TRAIN = 0;
const EXAMPLES_PER_READ = 16_384;

interface ExampleFacts {
  readonly offset: number;
  readonly length: number;
  readonly trained: number;
  /** 0 train, 1 validation row, 2 row of the fixed validation set, 3 held-out duplicate. */
  readonly kind: number;
}

interface DecodedExample {
  readonly tokens: number;
  readonly trained_tokens: number;
  readonly spans: readonly { readonly text: string; readonly trained: boolean }[];
  readonly cut: boolean;
}

/** Index of the first of the ascending numbers that is at least `wanted`. */
export function lowerBound(
  numbers: { readonly length: number; readonly [index: number]: number },
  wanted: number,
): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Decodes token ids into spans of trained and untrained text. A character can be split over several
 * tokens, so the bytes of a span are joined before they are decoded. Pure.
 */
export function decodeSpans(
  ids: readonly number[],
  labels: Uint8Array,
  bytesOf: (id: number) => Uint8Array,
): { text: string; trained: boolean }[] {
  const spans: { text: string; trained: boolean }[] = [];
  let from = 0;
  while (from < ids.length) {
    const trained = labels[from] === 1;
    let to = from;
    const parts: Uint8Array[] = [];
    while (to < ids.length && (labels[to] === 1) === trained) {
      parts.push(bytesOf(ids[to] ?? -1));
      to += 1;
    }
    spans.push({ text: Buffer.concat(parts).toString('utf8'), trained });
    from = to;
  }
  return spans;
}

export class TokenCache {
  private readonly folder: string;
  /** Row of each example, ascending. */
  private readonly rows: Uint32Array;
  private tokenBytes: Map<number, Uint8Array> | null = null;

  private constructor(folder: string, rows: Uint32Array) {
    this.folder = folder;
    this.rows = rows;
  }

  /** null when there is no such cache. */
  static async open(folder: string): Promise<TokenCache | null> {
    const handle = await openRegular(path.join(folder, 'examples.i64')).catch(
      unlessTemporary(null),
    );
    if (handle === null) return null;
    try {
      const { size } = await handle.stat();
      const rows = new Uint32Array(Math.floor(size / EXAMPLE_BYTES));
      const chunk = Buffer.alloc(EXAMPLE_BYTES * EXAMPLES_PER_READ);
      for (let done = 0; done < rows.length;) {
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, done * EXAMPLE_BYTES);
        const count = Math.floor(bytesRead / EXAMPLE_BYTES);
        if (count === 0) break;
        for (let index = 0; index < count && done + index < rows.length; index += 1)
          rows[done + index] = Number(chunk.readBigInt64LE(index * EXAMPLE_BYTES + 16));
        done += count;
        await yieldToEventLoop();
      }
      return new TokenCache(folder, rows);
    } finally {
      await handle.close();
    }
  }

  /** Rows that have examples, ascending, without repeats. */
  exampleRows(): Uint32Array {
    let count = 0;
    const found = new Uint32Array(this.rows.length);
    for (let index = 0; index < this.rows.length; index += 1) {
      const row = this.rows[index] ?? 0;
      if (count > 0 && found[count - 1] === row) continue;
      found[count] = row;
      count += 1;
    }
    return found.subarray(0, count);
  }

  /** The given rows that are trained, not held out; ascending. */
  async trainedOf(rows: readonly number[]): Promise<readonly number[]> {
    const found: number[] = [];
    for (const row of [...new Set(rows)].sort((a, b) => a - b))
      if ((await this.factsOf(row, 1))[0]?.kind === KIND_TRAIN) found.push(row);
    return found;
  }

  private async factsOf(row: number, limit: number): Promise<readonly ExampleFacts[]> {
    const first = lowerBound(this.rows, row);
    const count = Math.min(limit, lowerBound(this.rows, row + 1) - first);
    if (count === 0) return [];
    const numbers = readNumbers(
      await this.read('examples.i64', first * EXAMPLE_BYTES, count * EXAMPLE_BYTES),
    );
    return Array.from({ length: Math.floor(numbers.length / 6) }, (_, index) => ({
      offset: numbers[index * 6] ?? 0,
      length: numbers[index * 6 + 1] ?? 0,
      trained: numbers[index * 6 + 3] ?? 0,
      kind: numbers[index * 6 + 5] ?? 0,
    }));
  }

  private async read(name: string, offset: number, bytes: number): Promise<Buffer> {
    const handle = await openRegular(path.join(this.folder, name));
    try {
      const buffer = Buffer.alloc(bytes);
      const { bytesRead } = await handle.read(buffer, 0, bytes, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  /** The bytes of each token that occurs. */
  private async readTokenBytes(): Promise<Map<number, Uint8Array>> {
    if (this.tokenBytes !== null) return this.tokenBytes;
    const [stem, oldStem] = TOKEN_BYTES_STEMS;
    const read = (name: string): Promise<Buffer> =>
      readRegular(path.join(this.folder, `${stem}.${name}`)).catch(() =>
        readRegular(path.join(this.folder, `${oldStem}.${name}`)),
      );
    const table = await read('i32');
    const bytes = await read('u8');
    const tokenBytes = new Map<number, Uint8Array>();
    let offset = 0;
    for (let at = 0; at + 8 <= table.length; at += 8) {
      const length = table.readInt32LE(at + 4);
      tokenBytes.set(table.readInt32LE(at), bytes.subarray(offset, offset + length));
      offset += length;
    }
    this.tokenBytes = tokenBytes;
    return tokenBytes;
  }

  /** The decoded examples of a row: at most `maxExamples`, and of each at most `maxTokens`. */
  async examples(row: number, maxExamples: number, maxTokens: number): Promise<DecodedExample[]> {
    const tokenBytes = await this.readTokenBytes();
    const nothing = new Uint8Array();
    const found: DecodedExample[] = [];
    for (const facts of await this.factsOf(row, maxExamples)) {
      const shown = Math.min(facts.length, maxTokens);
      const tokens = await this.read('tokens.i32', facts.offset * 4, shown * 4);
      const labels = await this.read('labels.u8', facts.offset, shown);
      const ids = Array.from({ length: Math.floor(tokens.length / 4) }, (_, index) =>
        tokens.readInt32LE(index * 4),
      );
      found.push({
        tokens: facts.length,
        trained_tokens: facts.trained,
        spans: decodeSpans(ids, labels, (id) => tokenBytes.get(id) ?? nothing),
        cut: shown < facts.length,
      });
    }
    return found;
  }
}
