/**
 * Shared by all scripts: progress lines with the seconds since the start, child processes, and
 * errors that are shown without a stack. Runs on Node 18 and newer, without dependencies.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root folder of the checkout. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Lock file and tools of the setup; ignored by git, safe to delete. */
export const setupFolder = join(root, '.setup');

const began = Date.now();
let stream = process.stdout;

/** Writes progress to stderr, so that stdout stays machine-readable (`--json`). */
export function logToStderr() {
  stream = process.stderr;
}

/** Prints a line of progress, prefixed with the seconds since the start. */
export function log(text) {
  const seconds = ((Date.now() - began) / 1000).toFixed(1).padStart(6);
  stream.write(`${seconds} s  ${text}\n`);
}

/**
 * An error shown without a stack. `message`: what failed; `next`: what to do; `detail`: output of
 * the failed command.
 */
export class SetupError extends Error {
  constructor(message, next, detail = '') {
    super(message);
    this.next = next;
    this.detail = detail;
  }
}

/** A failure that a child process has already reported. */
export class ReportedError extends Error {}

/** Runs `main` and sets the exit code. A SetupError is shown without its stack. */
export async function runScript(main) {
  try {
    const code = await main();
    if (typeof code === 'number') process.exitCode = code;
  } catch (error) {
    if (error instanceof SetupError) {
      const detail = error.detail === '' ? '' : `\n${indent(lastLines(error.detail, 12))}`;
      process.stderr.write(`\nSetup failed: ${error.message}${detail}\nNext: ${error.next}\n`);
    } else if (!(error instanceof ReportedError))
      process.stderr.write(`${error?.stack ?? error}\n`);
    process.exitCode = 1;
  }
}

const indent = (text) => text.replace(/^/gm, '    ');
const lastLines = (text, count) => text.trimEnd().split('\n').slice(-count).join('\n');

/**
 * Runs a command. `quiet`: collect the output instead of showing it. `limit`: seconds until the
 * process group is killed (code 124). Never rejects; a command that does not exist has code 127.
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(command, args, options = {}) {
  const {
    quiet = false,
    cwd = root,
    env = process.env,
    input,
    shell = false,
    limit = null,
  } = options;
  return new Promise((resolve) => {
    let output = '';
    let child;
    try {
      child = spawn(command, args, {
        cwd,
        env,
        shell,
        stdio: [
          input === undefined ? 'ignore' : 'pipe',
          quiet ? 'pipe' : streamDescriptor(),
          quiet ? 'pipe' : 'inherit',
        ],
        windowsHide: true,
        detached: limit !== null && process.platform !== 'win32',
      });
    } catch (error) {
      resolve({ code: 127, output: String(error) });
      return;
    }
    const keep = (chunk) => {
      output += chunk;
      if (output.length > 4_000_000) output = output.slice(-2_000_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    if (input !== undefined) child.stdin.end(input);
    let timedOut = false;
    const timer =
      limit === null
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            try {
              process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
            } catch {
              // Already exited.
            }
          }, limit * 1000);
    child.on('close', () => clearTimeout(timer));
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}` }));
    child.on('close', (code, signal) =>
      resolve({ code: timedOut ? 124 : (code ?? (signal === null ? 1 : 128)), output }),
    );
  });
}

/** The file descriptor for the output of child processes: the same as for progress lines. */
function streamDescriptor() {
  return stream === process.stdout ? 1 : 2;
}
