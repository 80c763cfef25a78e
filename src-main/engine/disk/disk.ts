/** Readings of the workspace's disk. */
import { gigabytes, UNKNOWN } from '../../contract/format.ts';
import { type DiskUse, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { diskSpace } from '../../machine/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { Journal } from '../journal/index.ts';
import { Reservations } from './reservations.ts';
import { measureUse } from './use.ts';

const GIGABYTE = 1e9;
const POLL_SECONDS = 10;
/** Measuring every file takes time, so a measurement is reused this long. */
const USE_SECONDS = 60;
/** A smaller change of the free space, in gigabytes, is not worth an update. */
const MIN_CHANGE_GB = 0.05;

export interface DiskReading {
  /** Gigabytes (10^9 bytes) that this account may write. */
  readonly freeGb: number | null;
  readonly totalGb: number | null;
  /** Minimum free space. */
  readonly floorGb: number | null;
  readonly t: number;
}

export interface DiskRoom {
  reading(): DiskReading;
  /**
   * Refusal DISK_FULL when `bytes` more don't fit. `folder`: on another disk than the workspace.
   */
  require(bytes: number, what: string, folder?: string): Promise<void>;
  /**
   * The same, and others are refused this space until it is released, or `seconds` after the last
   * reservation with this key, which replaces the one before: what is left to write.
   */
  reserve(
    key: string,
    bytes: number,
    what: string,
    options?: { readonly folder?: string; readonly seconds?: number },
  ): Promise<void>;
  release(key: string): void;
  refresh(): Promise<void>;
  /** What uses the disk, at most a minute old. */
  use(): Promise<DiskUse>;
  readonly changed: Emitter<void>;
}

/** As configured, but never more than a tenth of the disk. */
export function decideMinimum(configuredGb: number, totalGb: number): number {
  return Math.min(configuredGb, totalGb / 10);
}

const sizeOf = (gb: number | null): string => (gb === null ? UNKNOWN : gigabytes(gb));

async function freeAt(folder: string): Promise<number | null> {
  const space = await diskSpace(folder);
  return space === null ? null : space.freeBytes / GIGABYTE;
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
    const totalGb = space === null ? null : space.totalBytes / GIGABYTE;
    reading = {
      freeGb: space === null ? null : space.freeBytes / GIGABYTE,
      totalGb,
      floorGb:
        totalGb === null ? null : decideMinimum(options.config.values().disk.min_free_gb, totalGb),
      t: options.clock.now(),
    };
    const { freeGb, floorGb } = reading;
    const isBelow = freeGb !== null && floorGb !== null && freeGb < floorGb;
    if (isBelow !== wasBelow)
      options.journal.write({
        what: isBelow ? 'disk.below_floor' : 'disk.above_floor',
        text: isBelow
          ? `Low disk space: ${sizeOf(freeGb)} free, minimum ${sizeOf(floorGb)}. Saving is paused.`
          : `${sizeOf(freeGb)} free again, minimum ${sizeOf(floorGb)}.`,
        evidence: { free_gb: freeGb, floor_gb: floorGb },
      });
    wasBelow = isBelow;
    if (
      Math.abs((before.freeGb ?? 0) - (freeGb ?? 0)) > MIN_CHANGE_GB ||
      before.floorGb !== floorGb
    )
      changed.emit(undefined);
  }

  const { root } = options.paths;
  const reservations = new Reservations(() => options.clock.monotonic());

  async function readFree(folder: string): Promise<number | null> {
    await refresh();
    return folder === root ? reading.freeGb : freeAt(folder);
  }

  /** In one turn with the reservation, or two would be promised the same space. */
  function requireSpace(
    key: string | null,
    bytes: number,
    what: string,
    folder: string,
    free: number | null,
  ): void {
    if (free === null) return;
    const promisedGb = reservations.others(key, folder) / GIGABYTE;
    const [neededGb, freeGb] = [bytes / GIGABYTE, Math.max(0, free - promisedGb)];
    if (neededGb <= freeGb) return;
    const promised =
      promisedGb === 0
        ? ''
        : `, without ${gigabytes(promisedGb)} promised to what is being written`;
    throw new Refusal(
      'DISK_FULL',
      `Not enough disk space for ${what}: it needs ${gigabytes(neededGb)}, and ${gigabytes(freeGb)} are free on the disk of ${folder}${promised}.`,
      {
        subject: folder,
        next: `Free up ${gigabytes(neededGb - freeGb)} there; it then continues automatically.`,
        facts: { free_gb: freeGb.toFixed(1), needed_gb: neededGb.toFixed(1) },
      },
    );
  }

  let measuring: Promise<DiskUse> | null = null;
  let measured: DiskUse | null = null;
  async function measure(): Promise<DiskUse> {
    const start = options.clock.monotonic();
    const parts = await measureUse(options.paths);
    const { freeGb, totalGb, floorGb } = reading;
    const bytes = (gigabytes: number | null): number | null =>
      gigabytes === null ? null : Math.round(gigabytes * GIGABYTE);
    measured = {
      t: options.clock.now(),
      seconds: options.clock.monotonic() - start,
      parts,
      free_bytes: bytes(freeGb),
      total_bytes: bytes(totalGb),
      floor_bytes: bytes(floorGb),
    };
    return measured;
  }

  options.clock.every(POLL_SECONDS, refresh);
  return {
    reading: () => reading,
    refresh,
    use() {
      if (measured !== null && options.clock.now() - measured.t < USE_SECONDS)
        return Promise.resolve(measured);
      measuring ??= measure().finally(() => {
        measuring = null;
      });
      return measuring;
    },
    changed,
    async require(bytes, what, folder = root) {
      requireSpace(null, bytes, what, folder, await readFree(folder));
    },
    async reserve(key, bytes, what, { folder = root, seconds } = {}) {
      const free = await readFree(folder);
      requireSpace(key, bytes, what, folder, free);
      reservations.set(key, folder, bytes, seconds);
    },
    release: (key) => {
      reservations.release(key);
    },
  };
}
