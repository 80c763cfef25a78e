/**
 * Starts Python in its own process group, with files instead of pipes and a filtered environment.
 * With node:child_process, not execa: a trainer outlives the engine, so nothing may wait for it,
 * collect its output or end it on exit.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { runId, type RunKind, toStoredSpec } from '../../formats/index.ts';
import { writeJson } from '../../kit/files.ts';
import { type Identity, identityOf } from '../../kit/identity.ts';
import type { SupervisorContext } from './context.ts';
import type { PythonFacts } from './types.ts';
import { openAppendSync } from '../../kit/regular-file.ts';
import { isTemporary } from '../../kit/system-errors.ts';

/**
 * The part of the user's environment that Python sees: no secrets, no proxies of other programs.
 */
const PASSED =
  /^(PATH|HOME|LANG|LC_.*|TMPDIR|TMP|TEMP|USER|LOGNAME|USERPROFILE|APPDATA|LOCALAPPDATA|SYSTEMROOT|SYSTEMDRIVE|COMSPEC|PATHEXT|XDG_.*|CUDA_.*|NVIDIA_.*|PYTORCH_.*|CUBLAS_.*|CUDNN_.*|NCCL_.*|TRITON_.*|LD_LIBRARY_PATH|NIGHTSHIFT_CACHE|NIGHTSHIFT_DEVICE_LOCKS|SSL_CERT_FILE)$/;
/** The base worker downloads packages, with the user's own settings. */
const PASSED_TO_BASE =
  /^(PIP_.*|UV_.*|REQUESTS_CA_BUNDLE|HTTPS?_PROXY|NO_PROXY|https?_proxy|no_proxy)$/;

const hasOwnAllocator = (own: Readonly<Record<string, string | undefined>>): boolean =>
  own['PYTORCH_ALLOC_CONF'] !== undefined || own['PYTORCH_CUDA_ALLOC_CONF'] !== undefined;

export function environmentFor(
  kind: RunKind,
  own: Readonly<Record<string, string | undefined>>,
  python: PythonFacts,
  memoryBytes: number | null = null,
): Record<string, string> {
  const isPassed = (name: string): boolean =>
    PASSED.test(name) || (kind === 'base' && PASSED_TO_BASE.test(name));
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(own))
    if (value !== undefined && isPassed(name)) environment[name] = value;
  return {
    ...environment,
    PYTHONPATH: python.packageFolder,
    PYTHONUNBUFFERED: '1',
    PYTHONFAULTHANDLER: '1',
    // Spinning OpenMP threads of two torch processes slow each other down many times over.
    GOMP_SPINCOUNT: '2000',
    // As nvidia-smi counts, so that cuda:1 means the same GPU everywhere.
    CUDA_DEVICE_ORDER: own['CUDA_DEVICE_ORDER'] ?? 'PCI_BUS_ID',
    HF_HUB_OFFLINE: '1',
    TRANSFORMERS_OFFLINE: '1',
    TOKENIZERS_PARALLELISM: 'false',
    // Lengths differ from step to step; with fixed segments the gaps between them fill the memory.
    ...(process.platform !== 'linux' || hasOwnAllocator(own)
      ? {}
      : { PYTORCH_ALLOC_CONF: 'expandable_segments:True' }),
    ...(kind === 'intake' || kind === 'sample' ? { OMP_NUM_THREADS: '1' } : {}),
    ...(memoryBytes === null ? {} : { NIGHTSHIFT_MEMORY_BYTES: String(memoryBytes) }),
  };
}

/** Arguments of the interpreter. With several ranks this process starts them. Pure. */
export const argumentsFor = (folder: string): readonly string[] => [
  '-m',
  'nightshift_trainer',
  folder,
];

/** A process that can't be identified is ended: it could be neither watched nor adopted. */
export function startedIdentity(child: ChildProcess, pid: number): Identity {
  try {
    return identityOf(pid) ?? { pid, start: 'ended' };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

export interface Launched {
  readonly child: ChildProcess;
  readonly identity: Identity;
}

/** The category of a process that couldn't be started. Pure. */
export function launchCategory(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'disk_full';
  if (isTemporary(error)) return 'system_limit';
  return code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
    ? 'permission_denied'
    : 'import_error';
}

/**
 * A run folder that nobody else has: whoever knew the id could have made the folder before, and two
 * runs in one folder would read each other's events.
 */
export async function createRunFolder(
  { paths, clock, random }: Pick<SupervisorContext, 'paths' | 'clock' | 'random'>,
  kind: RunKind,
): Promise<{ readonly run: string; readonly folder: string; readonly created: number }> {
  await mkdir(paths.runs, { recursive: true });
  for (;;) {
    const created = clock.now();
    const run = runId(kind, created, random());
    const folder = paths.run(run);
    try {
      await mkdir(folder);
      await mkdir(path.join(folder, 'commands'));
      return { run, folder, created };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** With the paths inside the workspace relative to the folder. */
export const writeSpec = (folder: string, spec: Readonly<Record<string, unknown>>): Promise<void> =>
  writeJson(path.join(folder, 'spec.json'), toStoredSpec(spec, folder));

/** Writes spec.json and starts the process. Throws when the interpreter can't be started. */
export async function launch(options: {
  readonly folder: string;
  readonly kind: RunKind;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly python: PythonFacts;
  /** Above it, the process refuses an allocation; absent: as much as there is. */
  readonly memoryBytes?: number | null;
}): Promise<Launched> {
  await writeSpec(options.folder, options.spec);
  const log = openAppendSync(path.join(options.folder, 'trainer.log'));
  try {
    const child = spawn(options.python.executable, argumentsFor(options.folder), {
      cwd: options.folder,
      detached: true,
      stdio: ['ignore', log, log],
      env: environmentFor(options.kind, process.env, options.python, options.memoryBytes ?? null),
      windowsHide: true,
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    const pid = child.pid ?? -1;
    return { child, identity: startedIdentity(child, pid) };
  } finally {
    closeSync(log);
  }
}
