/**
 * Disk: free space, the floor, and the refusal before something is written that does not fit.
 * Promises: a reading is never older than the check interval; an unknown reading refuses nothing.
 * Never: deletes.
 */
import { gigabytes, UNKNOWN } from '../../contract/format.ts';
import { type DiskUse, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import { diskSpace } from '../../machine/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { Journal } from '../journal/index.ts';
import { measureUse } from './use.ts';

const giga = 1e9;
const secondsBetweenLooks = 10;
/** A look at every file is not free: an answer stands for this long. */
const secondsBetweenWalks = 60;

export interface DiskReading {
  /** Gigabytes (10^9 bytes) that this account may write. */
  readonly freeGb: number | null;
  readonly totalGb: number | null;
  readonly floorGb: number | null;
  readonly t: number;
}

export interface DiskRoom {
  reading(): DiskReading;
  /** Refusal DISK_FULL when `bytes` more would not fit; names what is free and what is needed. `folder`: on another disk than the workspace. */
  require(bytes: number, what: string, folder?: string): Promise<void>;
  refresh(): Promise<void>;
  /** What uses the disk, at most a minute old. */
  use(): Promise<DiskUse>;
  readonly changed: Emitter<void>;
}

/** The floor is the wish, but never more than a tenth of the disk. */
export function decideFloor(wishGb: number, totalGb: number): number {
  return Math.min(wishGb, totalGb / 10);
}

const sizeOf = (gb: number | null): string => (gb === null ? UNKNOWN : gigabytes(gb));

async function freeAt(folder: string): Promise<number | null> {
  const space = await diskSpace(folder);
  return space === null ? null : space.freeBytes / giga;
}

export function createDisk(options: {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly journal: Journal;
  readonly clock: Clock;
}): DiskRoom {
  const changed = new Emitter<void>();
  let reading: DiskReading = { freeGb: null, totalGb: null, floorGb: null, t: 0 };
  let wasBelow = false;

  async function refresh(): Promise<void> {
    const before = reading;
    const space = await diskSpace(options.paths.root);
    const totalGb = space === null ? null : space.totalBytes / giga;
    reading = {
      freeGb: space === null ? null : space.freeBytes / giga,
      totalGb,
      floorGb:
        totalGb === null ? null : decideFloor(options.config.values().disk.min_free_gb, totalGb),
      t: options.clock.now(),
    };
    const { freeGb, floorGb } = reading;
    const isBelow = freeGb !== null && floorGb !== null && freeGb < floorGb;
    if (isBelow !== wasBelow)
      options.journal.write({
        what: isBelow ? 'disk.below_floor' : 'disk.above_floor',
        text: `${sizeOf(freeGb)} are free; the floor is ${sizeOf(floorGb)}.`,
        evidence: { free_gb: freeGb, floor_gb: floorGb },
      });
    wasBelow = isBelow;
    if (Math.abs((before.freeGb ?? 0) - (freeGb ?? 0)) > 0.05 || before.floorGb !== floorGb)
      changed.emit(undefined);
  }

  let walking: Promise<DiskUse> | null = null;
  let scanned: DiskUse | null = null;
  async function walk(): Promise<DiskUse> {
    const began = options.clock.monotonic();
    const parts = await measureUse(options.paths);
    const { freeGb, totalGb, floorGb } = reading;
    const bytes = (gigabytes: number | null): number | null =>
      gigabytes === null ? null : Math.round(gigabytes * giga);
    scanned = {
      t: options.clock.now(),
      seconds: options.clock.monotonic() - began,
      parts,
      free_bytes: bytes(freeGb),
      total_bytes: bytes(totalGb),
      floor_bytes: bytes(floorGb),
    };
    return scanned;
  }

  options.clock.every(secondsBetweenLooks, refresh);
  return {
    reading: () => reading,
    refresh,
    use() {
      if (scanned !== null && options.clock.now() - scanned.t < secondsBetweenWalks)
        return Promise.resolve(scanned);
      walking ??= walk().finally(() => {
        walking = null;
      });
      return walking;
    },
    changed,
    async require(bytes, what, folder = options.paths.root) {
      await refresh();
      const freeGb = folder === options.paths.root ? reading.freeGb : await freeAt(folder);
      const neededGb = bytes / giga;
      if (freeGb === null || neededGb <= freeGb) return;
      throw new Refusal(
        'DISK_FULL',
        `There is no room for ${what}: ${gigabytes(freeGb)} are free on the disk of ${folder}, ${gigabytes(neededGb)} are needed.`,
        {
          subject: folder,
          next: `Free ${gigabytes(neededGb - freeGb)} there; it then goes on by itself.`,
          facts: { free_gb: freeGb.toFixed(1), needed_gb: neededGb.toFixed(1) },
        },
      );
    },
  };
}
