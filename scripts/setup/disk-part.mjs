/** Checks the free disk space before anything is downloaded. */
import { statfsSync } from 'node:fs';
import { root, SetupError } from './terminal.mjs';

/** Free space at `path` in gigabytes; null if unknown. */
export function freeGigabytes(path) {
  try {
    const facts = statfsSync(path);
    return (facts.bavail * facts.bsize) / 1e9;
  } catch {
    return null;
  }
}

/** Throws SetupError if less than `needed` gigabytes are free. */
export function requireDisk(what, needed, free = freeGigabytes(root)) {
  if (free === null || free >= needed) return;
  throw new SetupError(
    `Not enough disk space at ${root}: ${what} need ${needed} GB, ${free.toFixed(1)} GB are free.`,
    `Free up ${(needed - free).toFixed(1)} GB, then run this again.`,
  );
}
