/** Reads which engine holds the workspace. A lock of a dead process counts as free. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { workspacePaths } from '../../formats/workspace.ts';
import { readHolder as readLiveHolder, signalGroup } from '../../kit/index.ts';
import type { Identity } from '../../kit/index.ts';

/** The port is absent until the engine listens. */
const listeningLock = z.object({ port: z.int().min(1).max(65535) });

export interface Holder extends Identity {
  readonly port: number | null;
}

/**
 * The live engine that holds the workspace; null if there is none or the lock file is unreadable.
 */
export async function readHolder(workspace: string): Promise<Holder | null> {
  const holder = await readLiveHolder<object>(workspacePaths(workspace).engineLock);
  if (holder === null) return null;
  const parsed = listeningLock.safeParse(holder);
  return { pid: holder.pid, start: holder.start, port: parsed.success ? parsed.data.port : null };
}

export async function readToken(workspace: string): Promise<string | null> {
  const text = await readFile(workspacePaths(workspace).token, 'utf8').catch(() => null);
  return text === null || text.trim() === '' ? null : text.trim();
}

/**
 * Kills this engine. Its trainers and workers have their own process groups and are not affected.
 */
export function killEngine(holder: Identity): void {
  signalGroup(holder, 'SIGKILL');
}
