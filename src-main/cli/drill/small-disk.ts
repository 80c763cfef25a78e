/**
 * Runs a command line again with its folder on a small file system in memory, which only its own
 * processes see: a private mount, with a user namespace where the user isn't root. Linux only.
 */
import { spawn, spawnSync } from 'node:child_process';

/** Names the folder to the second run. */
export const SMALL_DISK = 'NIGHTSHIFT_DRILL_FOLDER';
const SIZE = '900m';
const MOUNT = `mount -t tmpfs -o size=${SIZE},mode=700 none "$1"`;

const flags = (): readonly string[] => (process.getuid?.() === 0 ? ['-m'] : ['-r', '-m']);

/** Whether this system lets the user mount it. */
export function canMount(folder: string): boolean {
  if (process.platform !== 'linux') return false;
  const { status } = spawnSync('unshare', [...flags(), 'sh', '-c', MOUNT, 'sh', folder], {
    stdio: 'ignore',
    timeout: 10_000,
  });
  return status === 0;
}

/** Resolves to the exit code of the second run, which ends when the signal is aborted. */
export function runOnSmallDisk(folder: string, signal: AbortSignal): Promise<number> {
  const [node, ...args] = [process.execPath, ...process.argv.slice(1)];
  const child = spawn(
    'unshare',
    [...flags(), 'sh', '-c', `${MOUNT} && shift && exec "$@"`, 'sh', folder, node, ...args],
    { stdio: 'inherit', env: { ...process.env, [SMALL_DISK]: folder } },
  );
  // A terminal reaches the whole group, another process only this one.
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve(code ?? 1);
    });
  });
}
