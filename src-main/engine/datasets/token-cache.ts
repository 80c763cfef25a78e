/**
 * A dataset's token cache (docs/protocol.md) as the engine looks at it: which rows have examples, and the text their ids spell.
 * Never in memory as a whole: the row of each example (4 bytes), the bytes of the vocabulary that occurs, and what is asked for.
 */
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { readNumbers } from './originals.ts';

const exampleBytes = 48;
const trainKind = 0;
const pieceExamples = 16_384;

interface ExamplePlace {
  readonly offset: number;
  readonly length: number;
  readonly trained: number;
  /** 0 train, 1 slice, 2 core, 3 held-out duplicate. */
  readonly kind: number;
}

interface Spelled {
  readonly tokens: number;
  readonly trained_tokens: number;
  readonly spans: readonly { readonly text: string; readonly trained: boolean }[];
  readonly cut: boolean;
}

/** Ascending numbers: the first index whose number is not below `wanted`. */
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

/** Runs of trained and untrained tokens. A character may lie in several tokens, so bytes are joined before they are read. Pure. */
export function spell(
  ids: readonly number[],
  labels: Uint8Array,
  piece: (id: number) => Uint8Array,
): { text: string; trained: boolean }[] {
  const runs: { text: string; trained: boolean }[] = [];
  let from = 0;
  while (from < ids.length) {
    const trained = labels[from] === 1;
    let to = from;
    const parts: Uint8Array[] = [];
    while (to < ids.length && (labels[to] === 1) === trained) {
      parts.push(piece(ids[to] ?? -1));
      to += 1;
    }
    runs.push({ text: Buffer.concat(parts).toString('utf8'), trained });
    from = to;
  }
  return runs;
}

export class TokenCache {
  private readonly folder: string;
  /** Row of every example, ascending. */
  private readonly rows: Uint32Array;
  private spans: Map<number, Uint8Array> | null = null;

  private constructor(folder: string, rows: Uint32Array) {
    this.folder = folder;
    this.rows = rows;
  }

  /** null: there is no such cache. */
  static async open(folder: string): Promise<TokenCache | null> {
    const handle = await open(path.join(folder, 'examples.i64'), 'r').catch(() => null);
    if (handle === null) return null;
    try {
      const { size } = await handle.stat();
      const rows = new Uint32Array(Math.floor(size / exampleBytes));
      const piece = Buffer.alloc(exampleBytes * pieceExamples);
      for (let done = 0; done < rows.length;) {
        const { bytesRead } = await handle.read(piece, 0, piece.length, done * exampleBytes);
        const count = Math.floor(bytesRead / exampleBytes);
        if (count === 0) break;
        for (let index = 0; index < count && done + index < rows.length; index += 1)
          rows[done + index] = Number(piece.readBigInt64LE(index * exampleBytes + 16));
        done += count;
        await breathe();
      }
      return new TokenCache(folder, rows);
    } finally {
      await handle.close();
    }
  }

  /** Physical rows that have examples, each once, ascending. */
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

  /** Those of `rows` that are trained (not held out), ascending. */
  async trainedOf(rows: readonly number[]): Promise<readonly number[]> {
    const found: number[] = [];
    for (const row of [...new Set(rows)].sort((a, b) => a - b))
      if ((await this.places(row, 1))[0]?.kind === trainKind) found.push(row);
    return found;
  }

  private async places(row: number, most: number): Promise<readonly ExamplePlace[]> {
    const first = lowerBound(this.rows, row);
    const count = Math.min(most, lowerBound(this.rows, row + 1) - first);
    if (count === 0) return [];
    const numbers = readNumbers(
      await this.part('examples.i64', first * exampleBytes, count * exampleBytes),
    );
    return Array.from({ length: Math.floor(numbers.length / 6) }, (_, index) => ({
      offset: numbers[index * 6] ?? 0,
      length: numbers[index * 6 + 1] ?? 0,
      trained: numbers[index * 6 + 3] ?? 0,
      kind: numbers[index * 6 + 5] ?? 0,
    }));
  }

  private async part(name: string, offset: number, bytes: number): Promise<Buffer> {
    const handle = await open(path.join(this.folder, name), 'r');
    try {
      const buffer = Buffer.alloc(bytes);
      const { bytesRead } = await handle.read(buffer, 0, bytes, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  private async vocabulary(): Promise<Map<number, Uint8Array>> {
    if (this.spans !== null) return this.spans;
    const table = await readFile(path.join(this.folder, 'token_bytes.i32'));
    const bytes = await readFile(path.join(this.folder, 'token_bytes.u8'));
    const spans = new Map<number, Uint8Array>();
    let place = 0;
    for (let at = 0; at + 8 <= table.length; at += 8) {
      const length = table.readInt32LE(at + 4);
      spans.set(table.readInt32LE(at), bytes.subarray(place, place + length));
      place += length;
    }
    this.spans = spans;
    return spans;
  }

  /** The examples of a row, spelled from their ids; at most `mostExamples` of them and `mostTokens` of each. */
  async examples(row: number, mostExamples: number, mostTokens: number): Promise<Spelled[]> {
    const spans = await this.vocabulary();
    const nothing = new Uint8Array();
    const found: Spelled[] = [];
    for (const place of await this.places(row, mostExamples)) {
      const shown = Math.min(place.length, mostTokens);
      const tokens = await this.part('tokens.i32', place.offset * 4, shown * 4);
      const labels = await this.part('labels.u8', place.offset, shown);
      const ids = Array.from({ length: Math.floor(tokens.length / 4) }, (_, index) =>
        tokens.readInt32LE(index * 4),
      );
      found.push({
        tokens: place.length,
        trained_tokens: place.trained,
        spans: spell(ids, labels, (id) => spans.get(id) ?? nothing),
        cut: shown < place.length,
      });
    }
    return found;
  }
}
