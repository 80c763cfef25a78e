#!/usr/bin/env node
/**
 * `npm run demo [-- --model starter|smollm2] [--shuffled] [--keep] [--json]`: sets up, builds, and
 * runs `nightshift demo`.
 */
import { setUp } from './bootstrap.mjs';
import { build } from './build.mjs';
import { runCommandLine } from './nightshift.mjs';
import { log, logToStderr, runScript } from './setup/terminal.mjs';

await runScript(async () => {
  logToStderr();
  await setUp();
  await build({ only: 'engine' });
  log('Setup done, starting the demo');
  return runCommandLine(['demo', ...process.argv.slice(2)]);
});
