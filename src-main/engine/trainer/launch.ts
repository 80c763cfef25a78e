/**
 * Starts Python: its own process group, files instead of pipes, a scrubbed environment. By node:child_process, not execa: a trainer
 * outlives the engine, so nothing may wait for it, collect its output or end it on exit.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeJson } from '../../kit/files.ts';
import { type Identity, identityOf } from '../../kit/identity.ts';
import type { PythonFacts } from './types.ts';
import type { Launcher } from './spec.ts';

/** What a Python process may see of the user's environment; no secrets, no proxies of other programs. */
const passed =
  /^(PATH|HOME|LANG|LC_.*|TMPDIR|TMP|TEMP|USER|LOGNAME|USERPROFILE|APPDATA|LOCALAPPDATA|SYSTEMROOT|SYSTEMDRIVE|COMSPEC|PATHEXT|XDG_.*|CUDA_.*|NVIDIA_.*|LD_LIBRARY_PATH|NIGHTSHIFT_CACHE|NIGHTSHIFT_DEVICE_LOCKS|SSL_CERT_FILE)$/;
/** The base worker asks the package registry, by the user's own settings. */
const passedToBase =
  /^(PIP_.*|UV_.*|REQUESTS_CA_BUNDLE|HTTPS?_PROXY|NO_PROXY|https?_proxy|no_proxy)$/;

export function environmentFor(
  kind: string,
  own: Readonly<Record<string, string | undefined>>,
  python: PythonFacts,
): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(own))
    if (value !== undefined && (passed.test(name) || (kind === 'base' && passedToBase.test(name))))
      out[name] = value;
  return {
    ...out,
    PYTHONPATH: python.packageFolder,
    PYTHONUNBUFFERED: '1',
    PYTHONFAULTHANDLER: '1',
    // Two torch programs whose threads spin while they wait slow each other down many times over.
    GOMP_SPINCOUNT: '2000',
    HF_HUB_OFFLINE: '1',
    TRANSFORMERS_OFFLINE: '1',
    TOKENIZERS_PARALLELISM: 'false',
    ...(kind === 'intake' || kind === 'sample' ? { OMP_NUM_THREADS: '1' } : {}),
  };
}

/** What the interpreter is told. Ranks that end are never started again by their launcher: that is the engine's decision. Pure. */
export function argumentsFor(folder: string, launcher: Launcher): readonly string[] {
  const trainer = ['-m', 'nightshift_trainer', folder];
  if (launcher.kind === 'single') return trainer;
  const count = String(launcher.processes);
  const ranks = ['--standalone', '--nproc-per-node', count, '--max-restarts', '0'];
  return ['-m', 'torch.distributed.run', ...ranks, ...trainer];
}

export interface Launched {
  readonly run: string;
  readonly folder: string;
  readonly child: ChildProcess;
  readonly identity: Identity | null;
}

/** `YYYYMMDD-HHMMSS-<kind>-<4 hex>`, UTC. */
export function runName(kind: string, now: number, random: string): string {
  const [day = '', time = ''] = new Date(now * 1000).toISOString().split('T');
  return `${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${kind}-${random}`;
}

/** A process that could not even be started: what of the machine was not ready. Pure. */
export function launchCategory(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'disk_full';
  return code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
    ? 'permission_denied'
    : 'import_error';
}

/** Writes spec.json and starts the process. Throws when the interpreter cannot be started. */
export async function launch(options: {
  readonly folder: string;
  readonly run: string;
  readonly kind: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly python: PythonFacts;
  readonly launcher: Launcher;
}): Promise<Launched> {
  await mkdir(path.join(options.folder, 'commands'), { recursive: true });
  await writeJson(path.join(options.folder, 'spec.json'), options.spec);
  const log = openSync(path.join(options.folder, 'trainer.log'), 'a');
  try {
    const child = spawn(options.python.executable, argumentsFor(options.folder, options.launcher), {
      cwd: options.folder,
      detached: true,
      stdio: ['ignore', log, log],
      env: environmentFor(options.kind, process.env, options.python),
      windowsHide: true,
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return {
      run: options.run,
      folder: options.folder,
      child,
      identity: child.pid === undefined ? null : identityOf(child.pid),
    };
  } finally {
    closeSync(log);
  }
}
