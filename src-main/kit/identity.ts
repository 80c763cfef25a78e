/**
 * Identifies processes by pid and start token, because pids are reused. The token has the same
 * format as in Python's `own_identity` (docs/protocol.md, Processes).
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isMissing } from './system-errors.ts';

export interface Identity {
  readonly pid: number;
  readonly start: string;
}

type ProcessReading = { readonly state: string; readonly start: string } | null;

let bootId: string | null = null;

/** State letter and start token of a process, from /proc; null if it does not exist. */
function readLinuxProcess(pid: number): ProcessReading {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The process name may contain spaces and parentheses; the fields start after the last
    // parenthesis.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    return { state: fields[0] ?? '', start: `${fields[19] ?? ''}:${bootId}` };
  } catch (error) {
    // Without a descriptor left, a signal that does nothing still tells whether there is a process.
    if (isMissing(error) || !exists(pid)) return null;
    throw error;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isMissing(error);
  }
}

/**
 * On Windows and macOS, from the creation time reported by PowerShell or ps. With node:child_process,
 * not execa: this file is bundled into the desktop's main process, whose Chromium can't run execa.
 */
function readOtherProcess(pid: number): ProcessReading {
  try {
    if (process.platform === 'win32') {
      const text = execFileSync(
        'powershell',
        [
          '-NoProfile',
          '-Command',
          `([DateTimeOffset](Get-Process -Id ${String(pid)}).StartTime).ToUnixTimeMilliseconds()`,
        ],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      ).trim();
      return text === '' ? null : { state: 'R', start: text };
    }
    const text = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    const [state = '', ...started] = text.split(/\s+/);
    return text === '' ? null : { state, start: String(Date.parse(started.join(' '))) };
  } catch (error) {
    // The program ran and found no process; one that can't be started says nothing.
    if (typeof (error as { status?: unknown }).status === 'number' || !exists(pid)) return null;
    throw error;
  }
}

const readProcess = process.platform === 'linux' ? readLinuxProcess : readOtherProcess;

/**
 * The identity of a live process; null for dead ones and zombies. Throws when the system can't say,
 * for example because too many files are open.
 */
export function identityOf(pid: number): Identity | null {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const found = readProcess(pid);
  return found === null || found.state.startsWith('Z') || found.state.startsWith('X')
    ? null
    : { pid, start: found.start };
}

let ownReading: Identity | null = null;

export function ownIdentity(): Identity {
  const own = (ownReading ??= identityOf(process.pid));
  if (own === null) throw new Error(`can't read the identity of process ${String(process.pid)}`);
  return own;
}

export type ProcessState = 'alive' | 'gone' | 'unknown';

export function processState(identity: Identity): ProcessState {
  try {
    return identityOf(identity.pid)?.start === identity.start ? 'alive' : 'gone';
  } catch {
    return 'unknown';
  }
}

/** False only for a process that is known to be gone: nothing may take its place before that. */
export const isAlive = (identity: Identity): boolean => processState(identity) !== 'gone';

/**
 * Signals the process group led by this process. False if it has exited, and while it is unknown
 * whether the pid belongs to another process now.
 */
export function signalGroup(identity: Identity, signal: NodeJS.Signals): boolean {
  if (processState(identity) !== 'alive') return false;
  try {
    process.kill(process.platform === 'win32' ? identity.pid : -identity.pid, signal);
    return true;
  } catch {
    try {
      process.kill(identity.pid, signal);
      return true;
    } catch {
      return false;
    }
  }
}
