#!/usr/bin/env node
/**
 * `npm run package`: sets up, builds, and packages for this platform into dist/, as configured in electron-builder.yml. Options after `--`
 * are passed to electron-builder: `npm run package -- --linux dir`. Nothing is published.
 */
import { join } from 'node:path';
import { setUp } from './bootstrap.mjs';
import { build } from './build.mjs';
import { node24 } from './setup/node-part.mjs';
import { log, root, run, runScript, SetupError } from './setup/terminal.mjs';

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
      'Packaging failed.',
      'Fix the errors above. The Electron binary is downloaded once, so its server must be reachable.',
    );
  log('Package: dist/');
});
