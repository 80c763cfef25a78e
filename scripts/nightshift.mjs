#!/usr/bin/env node
/**
 * The command `nightshift` in a checkout: sets up and builds what is missing, then runs the command
 * line on Node 24.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setUp } from './bootstrap.mjs';
import { build, staleParts } from './build.mjs';
import { node24 } from './setup/node-part.mjs';
import { logToStderr, root, runScript } from './setup/terminal.mjs';

/** Runs the built command line; resolves to its exit code. */
export async function runCommandLine(args) {
  const node = await node24();
  const child = spawn(node ?? process.execPath, [join(root, 'out', 'cli', 'cli.mjs'), ...args], {
    stdio: 'inherit',
    env: { ...process.env, NIGHTSHIFT_ROOT: root },
  });
  // Signals are forwarded, and this process keeps waiting for the exit code of the child.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 130)));
  });
}

if (process.argv[1] !== undefined && process.argv[1].endsWith('nightshift.mjs')) {
  await runScript(async () => {
    logToStderr();
    const isBuilt = staleParts('engine').length === 0;
    if (!isBuilt || (await node24()) === null) {
      await setUp({ nodeOnly: true });
      await build({ only: 'engine' });
    }
    return runCommandLine(process.argv.slice(2));
  });
}
