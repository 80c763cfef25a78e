/**
 * Who a process is: pid and start token, never a bare pid (pids are used again). The same token as Python's `own_identity`
 * (docs/protocol.md, Processes).
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Identity {
  readonly pid: number;
  readonly start: string;
}

/** State letter and start token of one process; null when there is none. Linux: from /proc. */
function linuxReading(pid: number): { readonly state: string; readonly start: string } | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The name in parentheses may hold spaces and parentheses: the fields begin after the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    return { state: fields[0] ?? '', start: `${fields[19] ?? ''}:${boot}` };
  } catch {
    return null;
  }
}

/**
 * Elsewhere the creation time is asked of the system. By node:child_process, not execa: this file is bundled into
 * the desktop's main process too, which needs nothing else of it.
 */
function otherReading(pid: number): { readonly state: string; readonly start: string } | null {
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

const reading = process.platform === 'linux' ? linuxReading : otherReading;

/** The identity of a live process; a zombie is dead. */
export function identityOf(pid: number): Identity | null {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const found = reading(pid);
  return found === null || found.state.startsWith('Z') || found.state.startsWith('X')
    ? null
    : { pid, start: found.start };
}

export function ownIdentity(): Identity {
  const own = identityOf(process.pid);
  if (own === null)
    throw new Error(`the identity of process ${String(process.pid)} cannot be read`);
  return own;
}

export function isAlive(who: Identity): boolean {
  return identityOf(who.pid)?.start === who.start;
}

/** Signals the process group that `who` leads, only while it still is the same process. False: it is gone. */
export function signalGroup(who: Identity, signal: NodeJS.Signals): boolean {
  if (!isAlive(who)) return false;
  try {
    process.kill(process.platform === 'win32' ? who.pid : -who.pid, signal);
    return true;
  } catch {
    try {
      process.kill(who.pid, signal);
      return true;
    } catch {
      return false;
    }
  }
}
