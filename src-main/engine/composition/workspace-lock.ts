/** The lock that gives a workspace to one engine, and tells clients where that engine listens. */
import { Refusal } from '../../contract/index.ts';
import { type LockResult, takeLock } from '../../kit/lock-file.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { LockFacts } from './engine-facts.ts';

export type WorkspaceLock = Extract<LockResult<LockFacts>, { taken: true }>;

/** Refusal BUSY when another engine owns the workspace; `facts.holder` names it. */
export async function lockWorkspace(
  paths: WorkspacePaths,
  facts: LockFacts,
): Promise<WorkspaceLock> {
  const lock = await takeLock<LockFacts>(paths.engineLock, facts);
  if (lock.taken) return lock;
  const { pid, port } = lock.holder;
  throw new Refusal('BUSY', `Another engine (pid ${pid}) owns the workspace ${paths.root}.`, {
    subject: paths.root,
    next: port === null ? 'It is starting.' : `It listens on port ${port}.`,
    facts: { holder: `pid ${pid}`, port: String(port ?? '') },
  });
}
