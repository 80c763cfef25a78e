/** What a Python process leaves in its run folder. Missing, old or cut files don't throw. */
import type { Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
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
import { commandLineOf } from '../../kit/command-line.ts';
import { type Identity, isAlive } from '../../kit/identity.ts';
import { isSeen, type PlaceOfProcess } from '../../kit/lock-content.ts';
import { readEnd, readLines } from '../../kit/lines.ts';
import { ifMissing, unlessTemporary } from '../../kit/system-errors.ts';

const LOG_END_BYTES = 16_384;
const KERNEL_LOG = '/var/log/kern.log';

export const readHeartbeat = (folder: string, rank = 0): Promise<Heartbeat | null> =>
  readOrNull(
    path.join(folder, rank === 0 ? 'heartbeat' : `heartbeat-${String(rank)}`),
    heartbeatFile,
  );

export const readExit = (folder: string): Promise<Exit | null> =>
  readOrNull(path.join(folder, 'exit.json'), exitFile);

/** The last 16 KiB of the log; empty when there is none. */
export async function readLogEnd(folder: string): Promise<string> {
  const end = await readEnd(path.join(folder, 'trainer.log'), LOG_END_BYTES).catch(
    unlessTemporary(null),
  );
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
  if (holder !== null && (await isTrainerOf(paths.run(holder.run), holder))) return holder;
  const newest = (await readdir(paths.runs).catch(ifMissing([]))).filter(isTrainRun).sort().at(-1);
  if (newest === undefined) return null;
  const started = await readOrNull(path.join(paths.run(newest), 'process.json'), processFile);
  return started !== null && (await isTrainerOf(paths.run(newest), started))
    ? { ...started, run: newest }
    : null;
}

/**
 * Whether the process is alive, was started for this run and works in its folder. A copied workspace
 * names the trainer of the original, and a file from elsewhere could name any process: whoever
 * adopts it would pause, stop and kill it.
 */
async function isTrainerOf(folder: string, holder: Identity & PlaceOfProcess): Promise<boolean> {
  if (!isSeen(holder) || !isAlive(holder)) return false;
  const command = commandLineOf(holder.pid);
  if (command === null || !namesRun(command, path.basename(folder))) return false;
  if (process.platform !== 'linux') return true;
  const [works, run] = await Promise.all(
    [stat(`/proc/${String(holder.pid)}/cwd`), lstat(folder)].map((facts) =>
      facts.catch((error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unknown'),
    ),
  );
  if (typeof works === 'object' && typeof run === 'object') return isSameFile(works, run);
  // Of another account's process nothing is readable, and what can't be read now proves nothing.
  return ![works, run].some((found) => found === 'ENOENT' || found === 'ESRCH');
}

/** `python -m nightshift_trainer <workspace>/runs/<run>`, with whatever launches it before that. Pure. */
export const namesRun = (command: string, run: string): boolean =>
  command.includes('nightshift_trainer') &&
  // Windows quotes a path with spaces.
  command.split(/[\s"]/).some((word) => word.split(/[\\/]/).slice(-2).join('/') === `runs/${run}`);

const isSameFile = (a: Stats, b: Stats): boolean => a.ino === b.ino && a.dev === b.dev;

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
