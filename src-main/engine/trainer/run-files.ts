/** What a Python process leaves in its run folder. Missing, old or cut files never throw. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  type Exit,
  exitFile,
  type Heartbeat,
  heartbeatFile,
  isTrainRun,
  processFile,
  readOrNull,
  trainerLock,
  writeFormat,
} from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { type Identity, isAlive } from '../../kit/identity.ts';
import { readEnd, readLines } from '../../kit/lines.ts';

const LOG_END_BYTES = 16_384;
const KERNEL_LOG = '/var/log/kern.log';

export const readHeartbeat = (folder: string): Promise<Heartbeat | null> =>
  readOrNull(path.join(folder, 'heartbeat'), heartbeatFile);

export const readExit = (folder: string): Promise<Exit | null> =>
  readOrNull(path.join(folder, 'exit.json'), exitFile);

/** The last 16 KiB of the log; empty when there is none. */
export async function readLogEnd(folder: string): Promise<string> {
  const end = await readEnd(path.join(folder, 'trainer.log'), LOG_END_BYTES).catch(() => null);
  return end?.text ?? '';
}

/** For the adoption of a trainer that was started a moment ago and has no lock yet. */
export const writeProcessFile = (folder: string, identity: Identity): Promise<void> =>
  writeFormat(path.join(folder, 'process.json'), processFile, identity);

/** The live trainer of the workspace: by its lock, otherwise by process.json of the newest run. */
export async function findTrainer(
  paths: WorkspacePaths,
): Promise<(Identity & { readonly run: string }) | null> {
  const holder = await readOrNull(paths.trainerLock, trainerLock);
  if (holder !== null && isAlive(holder)) return holder;
  const newest = (await readdir(paths.runs).catch(() => [])).filter(isTrainRun).sort().at(-1);
  if (newest === undefined) return null;
  const started = await readOrNull(path.join(paths.run(newest), 'process.json'), processFile);
  return started !== null && isAlive(started) ? { ...started, run: newest } : null;
}

/** The kernel's log lines about this process; empty where this account may not read them. */
export async function readKernelLog(pid: number): Promise<string> {
  if (process.platform !== 'linux') return '';
  const found: string[] = [];
  try {
    for await (const line of readLines(KERNEL_LOG))
      if (line.includes(`process ${String(pid)} `) || line.includes(`pid=${String(pid)}`))
        found.push(line);
  } catch {
    // This account may not read the kernel log: the signal alone decides.
  }
  return found.slice(-5).join('\n');
}
