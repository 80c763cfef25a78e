/**
 * What every script prints and runs: progress lines with the seconds since the start, commands whose output is kept for the error,
 * and the one kind of failure that is shown without a stack. Node 18 or newer, no dependencies.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top folder of the checkout. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Stamps and private tools of the set-up; ignored by git, safe to delete. */
export const setupFolder = join(root, '.setup');

const began = Date.now();
let sink = process.stdout;

/** Progress goes to stderr, so that stdout stays machine-readable (`--json`). */
export function progressToErrors() {
  sink = process.stderr;
}

/** Prints one line of progress: the seconds since the start, then the text. */
export function say(text) {
  const seconds = ((Date.now() - began) / 1000).toFixed(1).padStart(6);
  sink.write(`${seconds} s  ${text}\n`);
}

/** Something that could not be had. `what` and `next` are shown to the person; there is no stack. */
export class SetupError extends Error {
  constructor(what, next, detail = '') {
    super(what);
    this.next = next;
    this.detail = detail;
  }
}

/** A failure that a child process has already shown. */
export class AlreadyTold extends Error {}

/** Runs `main`; a SetupError ends with its two sentences and code 1, anything else with its stack. */
export async function runScript(main) {
  try {
    const code = await main();
    if (typeof code === 'number') process.exitCode = code;
  } catch (error) {
    if (error instanceof SetupError) {
      const detail = error.detail === '' ? '' : `\n${indent(lastLines(error.detail, 12))}`;
      process.stderr.write(`\nSet-up stopped: ${error.message}${detail}\nNext: ${error.next}\n`);
    } else if (!(error instanceof AlreadyTold)) process.stderr.write(`${error?.stack ?? error}\n`);
    process.exitCode = 1;
  }
}

const indent = (text) => text.replace(/^/gm, '    ');
const lastLines = (text, count) => text.trimEnd().split('\n').slice(-count).join('\n');

/**
 * Runs a command. `quiet` keeps the output for the result, otherwise it is shown. `limit`: seconds until it and what it started
 * are killed (code 124). Never throws: a command that does not exist answers code 127.
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
  return new Promise((done) => {
    let output = '';
    let child;
    try {
      child = spawn(command, args, {
        cwd,
        env,
        shell,
        stdio: [
          input === undefined ? 'ignore' : 'pipe',
          quiet ? 'pipe' : sinkNumber(),
          quiet ? 'pipe' : 'inherit',
        ],
        windowsHide: true,
        detached: limit !== null && process.platform !== 'win32',
      });
    } catch (error) {
      done({ code: 127, output: String(error) });
      return;
    }
    const keep = (chunk) => {
      output += chunk;
      if (output.length > 4_000_000) output = output.slice(-2_000_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    if (input !== undefined) child.stdin.end(input);
    let late = false;
    const timer =
      limit === null
        ? undefined
        : setTimeout(() => {
            late = true;
            try {
              process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
            } catch {
              // It ended by itself just now.
            }
          }, limit * 1000);
    child.on('close', () => clearTimeout(timer));
    child.on('error', (error) => done({ code: 127, output: `${output}${error.message}` }));
    child.on('close', (code, signal) =>
      done({ code: late ? 124 : (code ?? (signal === null ? 1 : 128)), output }),
    );
  });
}

/** The descriptor that a child's own output goes to: the same place as our progress lines. */
function sinkNumber() {
  return sink === process.stdout ? 1 : 2;
}
