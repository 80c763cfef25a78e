#!/usr/bin/env node
/**
 * Builds what is not up to date: engine and command line (rolldown, ESM for Node 24, everything bundled), desktop main and
 * preload (CJS), the two pages. `--only engine|desktop|renderer`, `--force`. Needs node_modules; runs itself again under Node 24.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { node24 } from './setup/node-part.mjs';
import {
  AlreadyTold,
  progressToErrors,
  root,
  run,
  runScript,
  say,
  SetupError,
} from './setup/terminal.mjs';

const common = ['package.json', 'package-lock.json', 'scripts/build.mjs'];
const shell = [...common, 'electron.vite.config.ts', 'src-main/contract'];

/** What each part is made of and what it makes. A part whose entry does not exist is left out. */
const parts = {
  engine: {
    entries: ['src-main/engine.ts', 'src-main/cli.ts', 'src-main/engine/backups/copy-thread.ts'],
    sources: [
      ...common,
      'src-main/contract',
      'src-main/kit',
      'src-main/machine',
      'src-main/engine',
      'src-main/server',
      'src-main/cli',
      'src-main/engine.ts',
      'src-main/cli.ts',
    ],
    outputs: ['out/engine/engine.mjs', 'out/engine/copy-thread.mjs', 'out/cli/cli.mjs'],
  },
  desktop: {
    entries: ['src-main/desktop.ts', 'src-preload/bridge.ts'],
    sources: [...shell, 'src-main/desktop.ts', 'src-main/desktop', 'src-main/kit', 'src-preload'],
    outputs: ['out/main/desktop.cjs', 'out/preload/bridge.cjs'],
  },
  renderer: {
    entries: ['src-renderer/index.html', 'src-renderer/desktop.html'],
    sources: [...shell, 'src-renderer'],
    outputs: ['out/renderer/index.html', 'out/renderer/desktop.html'],
  },
};

/** A hash over names and contents of files and folders. */
export function contentStamp(places, base = root) {
  const hash = createHash('sha256');
  const walk = (place) => {
    const path = join(base, place);
    if (!existsSync(path)) return;
    try {
      const names = readdirSync(path).sort();
      for (const name of names) walk(`${place}/${name}`);
    } catch (error) {
      if (error.code !== 'ENOTDIR') throw error;
      hash.update(`${place}\0`).update(readFileSync(path)).update('\0');
    }
  };
  for (const place of places) walk(place);
  return hash.digest('hex');
}

const stampPath = (name) => join(root, 'out', '.stamps', name);
const readStamp = (name) =>
  existsSync(stampPath(name)) ? readFileSync(stampPath(name), 'utf8') : '';

/** The parts that have to be built now. */
export function staleParts(only = null) {
  return Object.entries(parts)
    .filter(
      ([name, part]) =>
        (only === null || name === only) &&
        part.entries.every((entry) => existsSync(join(root, entry))),
    )
    .map(([name, part]) => ({ name, stamp: contentStamp(part.sources), outputs: part.outputs }))
    .filter(
      ({ name, stamp, outputs }) =>
        readStamp(name) !== stamp || !outputs.every((file) => existsSync(join(root, file))),
    )
    .map(({ name, stamp }) => ({ name, stamp }));
}

async function buildEngine() {
  const { build } = await import('rolldown');
  const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
  const stamp = contentStamp(parts.engine.sources).slice(0, 12);
  for (const [input, file] of [
    ['src-main/cli.ts', 'out/cli/cli.mjs'],
    ['src-main/engine.ts', 'out/engine/engine.mjs'],
    ['src-main/engine/backups/copy-thread.ts', 'out/engine/copy-thread.mjs'],
  ])
    await build({
      input: join(root, input),
      platform: 'node',
      logLevel: 'warn',
      // Optional accelerators of ws (it catches their absence) and the watcher of another platform.
      external: ['bufferutil', 'utf-8-validate', 'fsevents'],
      transform: {
        target: 'node24',
        define: {
          'process.env.NIGHTSHIFT_VERSION': JSON.stringify(version),
          'process.env.NIGHTSHIFT_BUILD': JSON.stringify(stamp),
        },
      },
      output: { file: join(root, file), format: 'esm', sourcemap: true, codeSplitting: false },
    });
}

async function buildShell(which) {
  const tool = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js');
  const env = { ...process.env, NIGHTSHIFT_BUILD_PART: which, NO_COLOR: '1' };
  const answer = await run(process.execPath, [tool, 'build', '--logLevel', 'warn'], {
    quiet: true,
    env,
  });
  if (answer.code !== 0)
    throw new SetupError(
      `the ${which} part could not be built.`,
      'Mend what is named above.',
      answer.output,
    );
}

/** Builds the stale parts. Throws SetupError or the bundler's own error. */
export async function build({ only = null, force = false } = {}) {
  if (force) rmSync(join(root, 'out', '.stamps'), { recursive: true, force: true });
  const stale = staleParts(only);
  if (stale.length === 0) return say('Build: up to date');
  const node = await node24();
  if (node === null)
    throw new SetupError('there is no Node 24 to build with.', 'Run npm run setup first.');
  if (Number(process.versions.node.split('.')[0]) < 24) {
    const options = [...(only === null ? [] : ['--only', only]), ...(force ? ['--force'] : [])];
    const answer = await run(node, [fileURLToPath(import.meta.url), ...options], { quiet: false });
    if (answer.code !== 0) throw new AlreadyTold('the build failed');
    return undefined;
  }
  for (const { name, stamp } of stale) {
    say(`Build: ${name}`);
    if (name === 'engine') await buildEngine();
    else await buildShell(name);
    mkdirSync(join(root, 'out', '.stamps'), { recursive: true });
    writeFileSync(stampPath(name), stamp);
  }
  return say('Build: done');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const at = process.argv.indexOf('--only');
  const only = at === -1 ? null : process.argv[at + 1];
  if (process.argv.includes('--to-errors')) progressToErrors();
  await runScript(() => {
    if (only !== null && !(only in parts))
      throw new SetupError(`there is no part ${only}.`, `Use ${Object.keys(parts).join(', ')}.`);
    return build({ only, force: process.argv.includes('--force') });
  });
}
