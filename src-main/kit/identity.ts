/**
 * Identifies processes by pid and start token, because pids are reused. The token has the same
 * format as in Python's `own_identity` (docs/protocol.md, Processes).
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Identity {
  readonly pid: number;
  readonly start: string;
}

/** State letter and start token of a process, from /proc; null if it does not exist. */
function readLinuxProcess(pid: number): { readonly state: string; readonly start: string } | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The process name may contain spaces and parentheses; the fields start after the last
    // parenthesis.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    return { state: fields[0] ?? '', start: `${fields[19] ?? ''}:${boot}` };
  } catch {
    return null;
  }
}

/**
 * On Windows and macOS, from the creation time reported by PowerShell or ps. With node:child_process,
 * not execa: this file is bundled into the desktop's main process, whose Chromium can't run execa.
 */
function readOtherProcess(pid: number): { readonly state: string; readonly start: string } | null {
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
  } catch {
    return null;
  }
}

const readProcess = process.platform === 'linux' ? readLinuxProcess : readOtherProcess;

/** The identity of a live process; null for dead ones and zombies. */
export function identityOf(pid: number): Identity | null {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const found = readProcess(pid);
  return found === null || found.state.startsWith('Z') || found.state.startsWith('X')
    ? null
    : { pid, start: found.start };
}

export function ownIdentity(): Identity {
  const own = identityOf(process.pid);
  if (own === null) throw new Error(`can't read the identity of process ${String(process.pid)}`);
  return own;
}

export function isAlive(identity: Identity): boolean {
  return identityOf(identity.pid)?.start === identity.start;
}

/** Signals the process group led by this process. False if the process has exited. */
export function signalGroup(identity: Identity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
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
