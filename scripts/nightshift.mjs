#!/usr/bin/env node
/**
 * The command `nightshift` in a checkout: sets up and builds what is missing, then runs the command
 * line on Node 24.
 */
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, runScript, setupFolder } from './setup/terminal.mjs';

const commandLine = join(root, 'out', 'cli', 'cli.mjs');

function start(node, args, stdio = 'inherit') {
  // Node keeps compiled code here, so that the next call starts sooner.
  const NODE_COMPILE_CACHE = join(setupFolder, 'compile-cache');
  return spawn(node, [commandLine, ...args], {
    stdio,
    env: { NODE_COMPILE_CACHE, ...process.env, NIGHTSHIFT_ROOT: root },
  });
}

/** Runs the built command line; resolves to its exit code. */
export async function runCommandLine(args) {
  const { node24 } = await import('./setup/node-part.mjs');
  return exitOf(start((await node24()) ?? process.execPath, args));
}

function exitOf(child) {
  // Signals are forwarded, and this process keeps waiting for the exit code of the child.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 130)));
  });
}

/**
 * For the shell's completion, which waits at the prompt: runs what is built and never sets anything
 * up. Silent when nothing is built.
 */
function complete(args) {
  const node = join(root, 'node_modules', 'node', 'bin', 'node');
  const program = [node, `${node}.exe`].find((file) => existsSync(file));
  if (program === undefined || !existsSync(commandLine)) return 1;
  return exitOf(start(program, args, ['ignore', 'inherit', 'ignore']));
}

/** Also when it was started through a link. */
function isStarted() {
  try {
    return realpathSync(process.argv[1] ?? '') === fileURLToPath(import.meta.url);
  } catch {
    return false;
  }
}

if (isStarted()) {
  const args = process.argv.slice(2);
  await runScript(async () => {
    if (args[0] === 'complete') return complete(args);
    const [{ setUp }, { build, staleParts }, { node24 }, { logToStderr }] = await Promise.all([
      import('./bootstrap.mjs'),
      import('./build.mjs'),
      import('./setup/node-part.mjs'),
      import('./setup/terminal.mjs'),
    ]);
    logToStderr();
    const isBuilt = staleParts('engine').length === 0;
    if (!isBuilt || (await node24()) === null) {
      await setUp({ nodeOnly: true });
      await build({ only: 'engine' });
    }
    return runCommandLine(args);
  });
}
