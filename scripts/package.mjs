#!/usr/bin/env node
/**
 * `npm run package`: sets up, builds, and makes the package of this platform into dist/ by electron-builder.yml. What follows `--`
 * goes to electron-builder: `npm run package -- --linux dir`. Nothing is published.
 */
import { join } from 'node:path';
import { setUp } from './bootstrap.mjs';
import { build } from './build.mjs';
import { node24 } from './setup/node-part.mjs';
import { root, run, runScript, say, SetupError } from './setup/terminal.mjs';

await runScript(async () => {
  await setUp({ nodeOnly: true });
  await build();
  const tool = join(root, 'node_modules', 'electron-builder', 'cli.js');
  const config = ['-c', join(root, 'electron-builder.yml'), '--publish', 'never'];
  const answer = await run(
    (await node24()) ?? process.execPath,
    [tool, ...process.argv.slice(2), ...config],
    { quiet: false, cwd: root },
  );
  if (answer.code !== 0)
    throw new SetupError(
      'the package could not be made.',
      'Mend what is named above. The official Electron binary is fetched once and has to be reachable.',
    );
  say('Package: dist/');
});
