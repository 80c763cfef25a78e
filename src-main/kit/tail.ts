/** Follows a growing file of lines. A line counts once it has its newline. */
import { open } from 'node:fs/promises';

const chunkBytes = 1 << 18;
/** What one call reads at most, bytes, when it is not told less. */
const mostBytes = 1 << 25;

export class Tail {
  private readonly path: string;
  private at: number;
  private rest: Buffer = Buffer.alloc(0);

  constructor(path: string, offset = 0) {
    this.path = path;
    this.at = offset;
  }

  /** Bytes up to the end of the last whole line that was given. */
  get offset(): number {
    return this.at - this.rest.length;
  }

  /**
   * The whole lines that came since the last call, of about `most` bytes at a time; none when the file does not exist, or when
   * a single line is longer than that and not yet whole.
   */
  async read(most = mostBytes): Promise<readonly string[]> {
    const handle = await open(this.path, 'r').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    });
    if (handle === null) return [];
    try {
      const parts: Buffer[] = [this.rest];
      for (let taken = 0; taken < most; taken += chunkBytes) {
        const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, most));
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
