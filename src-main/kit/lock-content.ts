/** What a lock file says: its holder, and where that process can be seen. */
import { readlinkSync } from 'node:fs';
import os from 'node:os';
import { type Identity, ownIdentity } from './identity.ts';

export interface LockHolder extends Identity {
  /** Different each time that the lock is taken; null in locks of earlier versions, as the rest. */
  readonly id: string | null;
  readonly host: string | null;
  /** The process namespace in which the pid counts; empty where there are none. */
  readonly namespace: string | null;
  /** Of the lock file itself: a copy of the folder holds a lock that was taken elsewhere. */
  readonly inode: string | null;
  /** Grows with each heartbeat. */
  readonly heartbeat: number | null;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

export function asHolder(value: unknown): LockHolder | null {
  if (typeof value !== 'object' || value === null) return null;
  const { pid, start, id, host, namespace, inode, heartbeat } = value as Record<string, unknown>;
  if (typeof pid !== 'number' || typeof start !== 'string') return null;
  return {
    ...{ pid, start, id: text(id), host: text(host), namespace: text(namespace) },
    ...{ inode: text(inode), heartbeat: typeof heartbeat === 'number' ? heartbeat : null },
  };
}

/** Null for a lock file that is empty or cut: it may be written at this moment. */
export function parseLock(content: string): (LockHolder & { readonly value: object }) | null {
  try {
    const value = JSON.parse(content) as object;
    const holder = asHolder(value);
    return holder === null ? null : { ...holder, value };
  } catch {
    return null;
  }
}

export interface ProcessPlace {
  readonly host: string;
  readonly namespace: string;
}

/** Where this process can be seen. */
export function ownPlace(): ProcessPlace {
  const host = os.hostname();
  if (process.platform !== 'linux') return { host, namespace: '' };
  try {
    const isOwnProc = readlinkSync('/proc/self') === String(process.pid);
    // With the /proc of another namespace, pids mean other processes than here.
    return { host, namespace: isOwnProc ? readlinkSync('/proc/self/ns/pid') : UNKNOWN };
  } catch {
    return { host, namespace: UNKNOWN };
  }
}

const UNKNOWN = 'unknown';
const bootOf = (start: string): string => start.split(':')[1] ?? '';

export interface PlaceOfProcess {
  readonly host?: string | null | undefined;
  readonly namespace?: string | null | undefined;
}

/**
 * Whether a process would be seen from here by its pid. A host name alone doesn't tell: clones and
 * restarted containers share it. Files of earlier versions name no place and count as seen.
 */
export function isSeen(
  process: PlaceOfProcess & Pick<Identity, 'start'>,
  own: ProcessPlace = ownPlace(),
  ownStart: string = ownIdentity().start,
): boolean {
  const { host, namespace, start } = process;
  if (host === null || host === undefined) return true;
  return (
    host === own.host &&
    bootOf(start) === bootOf(ownStart) &&
    namespace === own.namespace &&
    namespace !== UNKNOWN
  );
}
