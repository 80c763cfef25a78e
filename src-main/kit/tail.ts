/** Reads the lines appended to a file. A line counts once its newline is written. */
import { isNotRegular, openRegular } from './regular-file.ts';

const CHUNK_BYTES = 1 << 18;
/** Default maximum number of bytes per call. */
const MAX_BYTES = 1 << 25;

export class Tail {
  private readonly path: string;
  private at: number;
  private rest: Buffer = Buffer.alloc(0);

  constructor(path: string, offset = 0) {
    this.path = path;
    this.at = offset;
  }

  /** Offset of the end of the last returned line, in bytes. */
  get offset(): number {
    return this.at - this.rest.length;
  }

  /**
   * The complete lines since the last call, about `maxBytes` at most. Empty if the file does not
   * exist, or while a line longer than that is incomplete.
   */
  async read(maxBytes = MAX_BYTES): Promise<readonly string[]> {
    const handle = await openRegular(this.path).catch((error: unknown) => {
      // What is no file has no lines; health reports it.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' || isNotRegular(error)) return null;
      throw error;
    });
    if (handle === null) return [];
    try {
      const parts: Buffer[] = [this.rest];
      for (let taken = 0; taken < maxBytes; taken += CHUNK_BYTES) {
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, maxBytes));
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, this.at);
        if (bytesRead === 0) break;
        this.at += bytesRead;
        parts.push(chunk.subarray(0, bytesRead));
      }
      const all = Buffer.concat(parts);
      const end = all.lastIndexOf(10) + 1;
      this.rest = Buffer.from(all.subarray(end));
      return end === 0
        ? []
        : all
            .subarray(0, end - 1)
            .toString('utf8')
            .split('\n');
    } finally {
      await handle.close();
    }
  }
}
