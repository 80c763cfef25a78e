#!/usr/bin/env node
/**
 * Sets everything up, resumable: Node packages and a Node 24, the Python environment. Run by start, demo and test; `npm run setup`
 * runs it alone. Options: `--tests` (what the test suites need as well), `--node-only`.
 */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setUpNode } from './setup/node-part.mjs';
import { setUpPython } from './setup/python-part.mjs';
import { setUpSystem } from './setup/system-part.mjs';
import { root, runScript, say, setupFolder, SetupError } from './setup/terminal.mjs';

const lock = join(setupFolder, 'lock');

function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Two set-ups at once would break each other's folders: the second waits. */
async function withLock(work) {
  try {
    mkdirSync(setupFolder, { recursive: true });
  } catch (error) {
    throw new SetupError(
      `nothing can be written in ${root} (${error.code}).`,
      'Use a checkout in a folder that you may write to.',
    );
  }
  let told = false;
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
      if (holder === 0 ? age > 5000 : !lives(holder)) {
        rmSync(lock, { force: true });
        continue;
      }
      if (!told) say(`Another set-up is at work (pid ${holder}); waiting for it`);
      told = true;
      await new Promise((done) => setTimeout(done, 500));
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
    throw new SetupError(`this Node is ${process.version}.`, 'Install Node 18 or newer.');
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
