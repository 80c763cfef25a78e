import { statfs } from 'node:fs/promises';

export interface DiskSpace {
  /** What this account may write; less than what is free when blocks are reserved for root. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** The disk that holds `folder`; null when it can't be read. */
export async function diskSpace(folder: string): Promise<DiskSpace | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return null;
  }
}
