/**
 * A lock file gives a folder to one process. The holder is named by its identity, the machine and
 * the process namespace in which it is seen, and a heartbeat that it writes into the file. A holder
 * that is seen is alive as long as its process is; one on another machine or in another namespace,
 * as long as its heartbeat changes.
 */
import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Identity, isAlive } from './identity.ts';
import { asHolder, isSeen, type LockHolder, parseLock } from './lock-content.ts';
import { OwnedLock, type OwnedLockOptions, readLockText } from './owned-lock.ts';
import { readJson } from './files.ts';
import { unlessTemporary } from './system-errors.ts';

export type { LockHolder } from './lock-content.ts';
export { OwnedLock } from './owned-lock.ts';

export type LockResult<T extends object> =
  OwnedLock<T> | { readonly taken: false; readonly holder: LockHolder & T };

/** A heartbeat that doesn't change for so long is that of a dead process. */
const LEASE_SECONDS = 15;
const WATCH_MILLISECONDS = 250;
/** A longer gap between two checks means that this process slept, and the holder with it perhaps. */
const ASLEEP_MILLISECONDS = 2000;
/** How long a lock file may be empty or cut while its holder writes it. */
const WRITING_MILLISECONDS = 1000;
/** After that, a process that was removing a stale lock counts as killed. */
const REMOVAL_MILLISECONDS = 2000;
const ATTEMPTS = 50;

export interface LockOptions extends OwnedLockOptions {
  readonly leaseSeconds?: number;
  /** Called once when the holder can't be seen, before its heartbeat is watched. */
  readonly onWatch?: (holder: LockHolder, seconds: number) => void;
}

type State =
  | { readonly kind: 'held'; readonly holder: LockHolder & { readonly value: object } }
  | { readonly kind: 'stale'; readonly content: string }
  | { readonly kind: 'changed' };

/** Takes the lock, or returns its holder. Only one of several processes succeeds. */
export async function takeLock<T extends object>(
  path: string,
  facts: T,
  options: LockOptions = {},
): Promise<LockResult<T>> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const own = await OwnedLock.create(path, facts, options);
    if (own !== null) return own;
    const state = await assess(path, options);
    if (state.kind === 'held')
      return { taken: false, holder: { ...(state.holder.value as T), ...state.holder } };
    if (state.kind === 'stale') await removeStale(path, state.content);
  }
  throw new Error(`can't take the lock ${path}: other processes keep changing it`);
}

/** The live holder; null if the lock is free, invalid, held by a dead process, or a copy. */
export async function readHolder<T>(path: string): Promise<(Identity & T) | null> {
  const value = await readJson(path).catch(unlessTemporary(null));
  const holder = asHolder(value);
  return holder !== null && (await isLiveHolder(path, holder)) ? (value as Identity & T) : null;
}

/** Whether a lock's holder is alive, can be seen from here, and took the lock in this folder. */
export async function isLiveHolder(path: string, value: Identity): Promise<boolean> {
  const holder = asHolder(value);
  return holder !== null && isSeen(holder) && isAlive(holder) && (await isOriginal(path, holder));
}

/** False for the copy of a lock file, in a copy of the folder. */
async function isOriginal(path: string, { inode }: LockHolder): Promise<boolean> {
  if (inode === null) return true;
  const found = await stat(path, { bigint: true }).catch(unlessTemporary(null));
  return found === null || String(found.ino) === inode;
}

async function assess(path: string, options: LockOptions): Promise<State> {
  const content = await readLockText(path);
  if (content === null) return { kind: 'changed' };
  const holder = parseLock(content);
  if (holder === null) {
    await sleep(WRITING_MILLISECONDS);
    return (await readLockText(path)) === content
      ? { kind: 'stale', content }
      : { kind: 'changed' };
  }
  if (isSeen(holder)) {
    if (!isAlive(holder)) return { kind: 'stale', content };
    if (await isOriginal(path, holder)) return { kind: 'held', holder };
  }
  return watchHeartbeat(path, content, holder, options);
}

/** By changes of the heartbeat and the monotonic clock: the clocks of two machines differ. */
async function watchHeartbeat(
  path: string,
  content: string,
  holder: LockHolder,
  { leaseSeconds = LEASE_SECONDS, onWatch }: LockOptions,
): Promise<State> {
  onWatch?.(holder, leaseSeconds);
  let since = performance.now();
  let checked = since;
  for (;;) {
    await sleep(WATCH_MILLISECONDS);
    const now = performance.now();
    if (now - checked > ASLEEP_MILLISECONDS) since = now;
    checked = now;
    const next = await readLockText(path);
    if (next === null) return { kind: 'changed' };
    const found = next === content ? null : parseLock(next);
    if (found !== null) return { kind: 'held', holder: found };
    if (next === content && now - since >= leaseSeconds * 1000) return { kind: 'stale', content };
  }
}

/**
 * Removes the lock of a dead process, if it is still the one that was assessed. One process at a
 * time: otherwise a slow one would remove the lock that a quick one took meanwhile.
 */
async function removeStale(path: string, content: string): Promise<void> {
  const guard = `${path}.removal`;
  let handle;
  try {
    handle = await open(guard, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await awaitRemoval(guard);
    return;
  }
  try {
    if ((await readLockText(path)) === content) await rm(path, { force: true });
  } finally {
    await handle.close();
    await rm(guard, { force: true });
  }
}

async function awaitRemoval(guard: string): Promise<void> {
  const changedAt = async (): Promise<number | null> =>
    (await stat(guard).catch(unlessTemporary(null)))?.mtimeMs ?? null;
  const before = await changedAt();
  for (let waited = 0; waited < REMOVAL_MILLISECONDS; waited += WATCH_MILLISECONDS) {
    if ((await changedAt()) !== before) return;
    await sleep(WATCH_MILLISECONDS);
  }
  await rm(guard, { force: true });
}
