/** The lock that gives a workspace to one engine, and tells clients where that engine listens. */
import os from 'node:os';
import { Refusal } from '../../contract/index.ts';
import {
  type LockHolder,
  type LockOptions,
  type OwnedLock,
  takeLock,
} from '../../kit/lock-file.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { LockFacts } from './engine-facts.ts';

export type WorkspaceLock = OwnedLock<LockFacts>;

export interface WorkspaceLockOptions extends Pick<
  LockOptions,
  'heartbeatSeconds' | 'leaseSeconds'
> {
  /** One sentence while an engine that can't be seen from here is waited for. */
  readonly onWait: (sentence: string) => void;
  /** Another engine owns the workspace now; one sentence. */
  readonly onLost: (sentence: string) => void;
}

/** `pid 7 on host-a`. */
const nameOf = ({ pid, host }: LockHolder): string =>
  host === null || host === os.hostname() ? `pid ${String(pid)}` : `pid ${String(pid)} on ${host}`;

/** Refusal BUSY when another engine owns the workspace; `facts.holder` names it. */
export async function lockWorkspace(
  paths: WorkspacePaths,
  facts: LockFacts,
  options: WorkspaceLockOptions,
): Promise<WorkspaceLock> {
  const lock = await takeLock<LockFacts>(paths.engineLock, facts, {
    ...options,
    onWatch: (holder, seconds) => {
      options.onWait(
        `The engine ${nameOf(holder)} may own ${paths.root} and can't be seen from here; waiting up to ${String(seconds)} s for a sign of it.`,
      );
    },
    onLost: (holder) => {
      options.onLost(
        `Another engine (${nameOf(holder)}) has taken ${paths.root} because this one gave no sign for too long. This engine and its trainer stop.`,
      );
    },
  });
  if (lock.taken) return lock;
  const { port } = lock.holder;
  throw new Refusal(
    'BUSY',
    `Another engine (${nameOf(lock.holder)}) owns the workspace ${paths.root}.`,
    {
      subject: paths.root,
      next: port === null ? 'It is starting.' : `It listens on port ${port}.`,
      facts: { holder: `pid ${lock.holder.pid}`, port: String(port ?? '') },
    },
  );
}
