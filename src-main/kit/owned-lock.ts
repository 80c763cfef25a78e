/** A lock that this process holds: its heartbeat, and the check that it is still held. */
import { randomUUID } from 'node:crypto';
import { type FileHandle, link, lstat, open, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownIdentity } from './identity.ts';
import { type LockHolder, ownPlace, parseLock } from './lock-content.ts';
import { readRegularText } from './regular-file.ts';
import { createSerializer } from './serializer.ts';

export const HEARTBEAT_SECONDS = 3;
/** Room for the content, so that a heartbeat needs no new block on a full disk. */
const RESERVED_BYTES = 1024;
const CONFIRM_MILLISECONDS = 200;

export interface OwnedLockOptions {
  readonly heartbeatSeconds?: number;
  /** Another process has the lock now, and this one must stop at once. Called once. */
  readonly onLost?: (holder: LockHolder) => void;
}

/** null when there is none. Throws what the disk throws, and an Error for what is no plain file. */
export async function readLockText(path: string): Promise<string | null> {
  try {
    // A pipe would block the reader, and a link would lead out of the folder.
    if (!(await lstat(path)).isFile())
      throw new Error(`${path} is not a plain file. Remove it and try again.`);
    return await readRegularText(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

export class OwnedLock<T extends object> {
  readonly taken = true;
  private readonly path: string;
  private readonly options: OwnedLockOptions;
  private readonly id = randomUUID();
  private readonly identity = ownIdentity();
  private readonly place = ownPlace();
  private readonly tasks = createSerializer();
  private readonly stopHeartbeat: () => void;
  private handle: FileHandle;
  private facts: T;
  private heartbeats = 0;
  private isLost = false;

  private constructor(path: string, handle: FileHandle, facts: T, options: OwnedLockOptions) {
    this.path = path;
    this.handle = handle;
    this.facts = facts;
    this.options = options;
    const seconds = options.heartbeatSeconds ?? HEARTBEAT_SECONDS;
    const timer = setInterval(() => void this.onHeartbeat(), seconds * 1000);
    timer.unref();
    this.stopHeartbeat = () => {
      clearInterval(timer);
    };
  }

  /** null when the file exists. */
  static async create<T extends object>(
    path: string,
    facts: T,
    options: OwnedLockOptions,
  ): Promise<OwnedLock<T> | null> {
    const candidate = `${path}.${String(process.pid)}.${randomUUID().slice(0, 8)}`;
    const handle = await open(candidate, 'wx', 0o600);
    const lock = new OwnedLock(path, handle, facts, options);
    let isTaken = false;
    try {
      await lock.write();
      isTaken = await lock.publish(candidate);
      return isTaken ? lock : null;
    } finally {
      if (!isTaken) {
        lock.stopHeartbeat();
        await lock.handle.close();
      }
      await rm(candidate, { force: true });
    }
  }

  /** A link shows the file with its content at once; where links don't exist, it is empty first. */
  private async publish(candidate: string): Promise<boolean> {
    try {
      await link(candidate, this.path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    }
    const handle = await createFile(this.path);
    if (handle === null) return false;
    await this.handle.close();
    this.handle = handle;
    try {
      await this.write();
      return true;
    } catch (error) {
      await rm(this.path, { force: true });
      throw error;
    }
  }

  update(facts: T): Promise<void> {
    return this.tasks.run(async () => {
      this.facts = facts;
      await this.write();
    });
  }

  /** False once another process has the lock. A file that can't be read proves nothing. */
  async isHeld(): Promise<boolean> {
    return !this.isLost && (await this.holderInFile().catch(() => 'unknown')) !== 'other';
  }

  release(): Promise<void> {
    this.stopHeartbeat();
    return this.tasks.run(async () => {
      await this.handle.close().catch(() => undefined);
      if ((await this.holderInFile().catch(() => 'unknown')) === 'own')
        await rm(this.path, { force: true });
    });
  }

  private onHeartbeat(): Promise<void> {
    return this.tasks.run(async () => {
      const state = await this.holderInFile().catch(() => 'unknown');
      if (state === 'other') await this.confirmLoss();
      if (this.isLost || state === 'other' || state === 'unknown') return;
      if (state === 'missing') await this.recreate();
      await this.write().catch(() => this.reopen());
    });
  }

  /** Compares ids, never clocks: those of two machines differ, and one may be set. */
  private async holderInFile(): Promise<'own' | 'other' | 'missing' | 'unknown'> {
    const content = await readLockText(this.path);
    if (content === null) return 'missing';
    const holder = parseLock(content);
    if (holder === null) return 'unknown';
    return holder.id === this.id ? 'own' : 'other';
  }

  private async confirmLoss(): Promise<void> {
    await sleep(CONFIRM_MILLISECONDS);
    const content = await readLockText(this.path).catch(() => null);
    const holder = content === null ? null : parseLock(content);
    if (holder === null || holder.id === this.id || this.isLost) return;
    this.isLost = true;
    this.stopHeartbeat();
    this.options.onLost?.(holder);
  }

  /** Somebody removed the file. Where the folder was moved, the open file is still the lock. */
  private async recreate(): Promise<void> {
    const handle = await createFile(this.path).catch(() => null);
    if (handle === null) return;
    await this.handle.close().catch(() => undefined);
    this.handle = handle;
  }

  /** After a share was connected again, the old handle is of no use. */
  private async reopen(): Promise<void> {
    if ((await this.holderInFile().catch(() => 'unknown')) !== 'own') return;
    const handle = await open(this.path, 'r+').catch(() => null);
    if (handle === null) return;
    await this.handle.close().catch(() => undefined);
    this.handle = handle;
  }

  /**
   * Into the open file, never by a rename: a process that was asleep while it lost the lock then
   * writes into a file that nobody reads, not over the lock of its successor.
   */
  private async write(): Promise<void> {
    const { ino } = await this.handle.stat({ bigint: true });
    this.heartbeats += 1;
    const { id, place, identity, heartbeats } = this;
    const content = JSON.stringify({
      ...{ format: 1, ...this.facts, ...identity, ...place },
      ...{ id, inode: String(ino), heartbeat: heartbeats },
    });
    const bytes = Buffer.alloc(Math.max(RESERVED_BYTES, Buffer.byteLength(content) + 1), ' ');
    bytes.write(content);
    bytes.write('\n', bytes.length - 1);
    await this.handle.write(bytes, 0, bytes.length, 0);
    await this.handle.datasync();
  }
}

/** null when the file exists. Needs no hard links, which many disks don't have. */
async function createFile(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
    throw error;
  }
}
