/** Who owns the workspace: what the engine has written there, believed only while that very process lives. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { workspacePaths } from '../../formats/workspace.ts';
import { readHolder as readLiveHolder, signalGroup } from '../../kit/index.ts';
import type { Identity } from '../../kit/index.ts';

/** Absent until the engine listens. */
const listening = z.object({ port: z.int().min(1).max(65535) });

export interface Holder extends Identity {
  readonly port: number | null;
}

/** The living holder of the workspace, or null. A file that cannot be read names nobody. */
export async function readHolder(workspace: string): Promise<Holder | null> {
  const holder = await readLiveHolder<object>(workspacePaths(workspace).engineLock);
  if (holder === null) return null;
  const said = listening.safeParse(holder);
  return { pid: holder.pid, start: holder.start, port: said.success ? said.data.port : null };
}

export async function readToken(workspace: string): Promise<string | null> {
  const text = await readFile(workspacePaths(workspace).token, 'utf8').catch(() => null);
  return text === null || text.trim() === '' ? null : text.trim();
}

/** Ends exactly this engine. Its trainers and workers lead groups of their own and are not hit. */
export function endEngine(holder: Identity): void {
  signalGroup(holder, 'SIGKILL');
}
