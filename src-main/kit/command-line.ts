/** What a process was started with. A process id alone, out of a file, could name any process. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { unlessTemporary } from './system-errors.ts';

const run = (command: string, options: readonly string[]): string =>
  execFileSync(command, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

/**
 * null when it can't be read, as for a process that has ended. Throws while nothing is known, for
 * example because too many files are open.
 */
export function commandLineOf(pid: number): string | null {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  try {
    if (process.platform === 'linux')
      return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
        .replaceAll('\0', ' ')
        .trim();
    if (process.platform === 'win32')
      return run('powershell', [
        '-NoProfile',
        '-Command',
        `(Get-CimInstance Win32_Process -Filter 'ProcessId=${String(pid)}').CommandLine`,
      ]).trim();
    return run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).trim();
  } catch (error) {
    return unlessTemporary(null)(error);
  }
}
