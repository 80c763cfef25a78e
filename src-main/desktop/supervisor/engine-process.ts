/** Starts the engine detached, with its output in a file, so that it outlives this process. */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { visibleText } from '../../contract/index.ts';
import { openAppendSync } from '../../kit/regular-file.ts';

export interface EngineProgram {
  /** Path of Node 24. */
  readonly node: string;
  readonly entry: string;
  /** The folder with `out` and `python-runtime`. */
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
  /**
   * `cause`: such as "exit code 1" or "signal SIGKILL". `said`: the engine's own sentence about why
   * it can't start; null when it said nothing.
   */
  readonly onExit: (cause: string, said: string | null) => void;
}

const MAX_LOG_BYTES = 5 * 1024 * 1024;

/** Throws an Error with a readable message if a file is missing. */
export function startEngine(options: StartOptions): Child | null {
  const { program } = options;
  for (const [name, path] of [
    ['Node', program.node],
    ['the engine', program.entry],
  ] as const)
    if (!existsSync(path)) throw new Error(`${name} is missing: ${path}`);
  const output = openLog(options.log);
  const { size: start } = fstatSync(output);
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
    options.onExit(error.message, null);
  });
  child.on('exit', (code, signal) => {
    const cause = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
    options.onExit(cause, lastSentence(readFrom(options.log, start)));
  });
  return child.pid === undefined ? null : { pid: child.pid, startedMs: options.nowMs() };
}

/** The environment without the variables set by Electron and its launcher. */
export function engineEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !/^(ELECTRON_|NODE_OPTIONS$|CHROME_|GDK_)/.test(name))
      out[name] = value;
  return out;
}

/** What this engine wrote; the log has the lines of earlier ones before it. */
function readFrom(log: string, start: number): string {
  try {
    return readFileSync(log).subarray(start).toString('utf8');
  } catch {
    return '';
  }
}

/**
 * The last line of the output, or the error above a stack trace. Pure; null when there is no output.
 */
export function lastSentence(output: string): string | null {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('at '));
  const error = lines.findLast((line) => /^\w*Error: /.test(line));
  const last = error?.replace(/^\w*Error: /, '') ?? lines.at(-1);
  return last === undefined ? null : visibleText(last);
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path) && statSync(path).size > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
  return openAppendSync(path);
}
