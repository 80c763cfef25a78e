/** Starts the engine: detached, with its output in a file, so that it outlives this process. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export interface EngineProgram {
  /** A Node 24. */
  readonly node: string;
  readonly entry: string;
  /** The folder that holds the entry's `out` and the trainer's sources. */
  readonly root: string;
}

export interface Child {
  readonly pid: number;
  readonly startedMs: number;
}

export interface StartOptions {
  readonly program: EngineProgram;
  readonly workspace: string;
  readonly log: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nowMs: () => number;
  /** `how`: "exit code 1", "signal SIGKILL". */
  readonly ended: (how: string) => void;
}

const LOG_LIMIT = 5 * 1024 * 1024;

/** Throws with a sentence when a file is missing. */
export function startEngine(options: StartOptions): Child | null {
  const { program } = options;
  for (const [what, path] of [
    ['Node', program.node],
    ['the engine', program.entry],
  ] as const)
    if (!existsSync(path)) throw new Error(`${what} is missing at ${path}`);
  const output = openLog(options.log);
  const child = spawn(program.node, [program.entry, '--workspace', options.workspace], {
    detached: true,
    windowsHide: true,
    cwd: program.root,
    stdio: ['ignore', output, output],
    env: { ...engineEnvironment(options.env), NIGHTSHIFT_ROOT: program.root },
  });
  closeSync(output);
  child.unref();
  child.on('error', (error) => {
    options.ended(error.message);
  });
  child.on('exit', (code, signal) => {
    options.ended(signal === null ? `exit code ${String(code)}` : `signal ${signal}`);
  });
  return child.pid === undefined ? null : { pid: child.pid, startedMs: options.nowMs() };
}

/** What Electron and its launcher put into the environment is not the engine's. */
export function engineEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !/^(ELECTRON_|NODE_OPTIONS$|CHROME_|GDK_)/.test(name))
      out[name] = value;
  return out;
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path) && statSync(path).size > LOG_LIMIT) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}
