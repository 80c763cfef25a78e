/** Room on the disk, asked for before anything is fetched: a set-up that fills the disk would break more than itself. */
import { statfsSync } from 'node:fs';
import { root, SetupError } from './terminal.mjs';

/** Gigabytes that may be written at `path`, or null where this Node or the file system does not tell. */
export function freeGigabytes(path) {
  try {
    const facts = statfsSync(path);
    return (facts.bavail * facts.bsize) / 1e9;
  } catch {
    return null;
  }
}

/** Throws SetupError when fewer than `needed` gigabytes are free. `free`: what the disk says, for tests. */
export function requireDisk(what, needed, free = freeGigabytes(root)) {
  if (free === null || free >= needed) return;
  throw new SetupError(
    `there is ${free.toFixed(1)} GB free at ${root}; ${what} need ${needed} GB.`,
    `Free ${(needed - free).toFixed(1)} GB there, then run this again.`,
  );
}
