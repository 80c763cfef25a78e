#!/usr/bin/env node
/**
 * Installs the Node packages, Node 24 and the Python environment. Can be interrupted and run again.
 * Used by start, demo and test; `npm run setup` runs it alone. Options: `--tests` (also install
 * what the tests need), `--node-only`.
 */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setUpNode } from './setup/node-part.mjs';
import { setUpPython } from './setup/python-part.mjs';
import { setUpSystem } from './setup/system-part.mjs';
import { log, root, runScript, setupFolder, SetupError } from './setup/terminal.mjs';

const lock = join(setupFolder, 'lock');

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Waits while another setup is running, because two would corrupt each other's folders. */
async function withLock(work) {
  try {
    mkdirSync(setupFolder, { recursive: true });
  } catch (error) {
    throw new SetupError(
      `Can't write to ${root} (${error.code}).`,
      'Use a checkout in a folder with write permission.',
    );
  }
  let reported = false;
  for (;;) {
    try {
      const file = openSync(lock, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const holder = Number(readFileSync(lock, 'utf8') || '0');
      const age = Date.now() - statSync(lock).mtimeMs;
      if (holder === 0 ? age > 5000 : !isAlive(holder)) {
        rmSync(lock, { force: true });
        continue;
      }
      if (!reported) log(`Waiting for another setup (pid ${holder})`);
      reported = true;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @param {{ tests?: boolean, nodeOnly?: boolean }} options */
export async function setUp({ tests = false, nodeOnly = false } = {}) {
  if (Number(process.versions.node.split('.')[0]) < 18)
    throw new SetupError(`Node ${process.version} is too old.`, 'Install Node 18 or newer.');
  await withLock(async () => {
    if (tests) await setUpSystem();
    await setUpNode();
    if (!nodeOnly) await setUpPython({ tests });
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const has = (option) => process.argv.includes(option);
  await runScript(() => setUp({ tests: has('--tests'), nodeOnly: has('--node-only') }));
}
