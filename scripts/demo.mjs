#!/usr/bin/env node
/** `npm run demo [-- --model starter|smollm2] [--shuffled] [--keep] [--json]`: sets up, builds, and hands over to `nightshift demo`. */
import { setUp } from './bootstrap.mjs';
import { build } from './build.mjs';
import { handOver } from './nightshift.mjs';
import { progressToErrors, runScript, say } from './setup/terminal.mjs';

await runScript(async () => {
  progressToErrors();
  await setUp();
  await build({ only: 'engine' });
  say('Set-up done; the demo begins');
  return handOver(['demo', ...process.argv.slice(2)]);
});
