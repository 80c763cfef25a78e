#!/usr/bin/env node
/** The command `nightshift` of a checkout: sets up and builds what is missing, then hands over to the command line on Node 24. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setUp } from './bootstrap.mjs';
import { build, staleParts } from './build.mjs';
import { node24 } from './setup/node-part.mjs';
import { progressToErrors, root, runScript } from './setup/terminal.mjs';

/** Runs the built command line with these arguments; answers its exit code. */
export async function handOver(args) {
  const node = await node24();
  const child = spawn(node ?? process.execPath, [join(root, 'out', 'cli', 'cli.mjs'), ...args], {
    stdio: 'inherit',
    env: { ...process.env, NIGHTSHIFT_ROOT: root },
  });
  // The terminal sends the signal to the child as well; this process only waits for its answer.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  return new Promise((done) => {
    child.on('error', () => done(1));
    child.on('close', (code, signal) => done(code ?? (signal === null ? 1 : 130)));
  });
}

if (process.argv[1] !== undefined && process.argv[1].endsWith('nightshift.mjs')) {
  await runScript(async () => {
    progressToErrors();
    const built = staleParts('engine').length === 0;
    if (!built || (await node24()) === null) {
      await setUp({ nodeOnly: true });
      await build({ only: 'engine' });
    }
    return handOver(process.argv.slice(2));
  });
}
