#!/usr/bin/env node
/**
 * `npm start`: sets up, builds, and opens the window. Without a display or without an Electron binary it says why, serves on
 * 127.0.0.1:8080 and prints the address with its one-time link. `--workspace` or NIGHTSHIFT_WORKSPACE, else ~/Nightshift.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { setUp } from './bootstrap.mjs';
import { build } from './build.mjs';
import { handOver } from './nightshift.mjs';
import { node24 } from './setup/node-part.mjs';
import { root, runScript, say } from './setup/terminal.mjs';

/** The Electron binary and a display, or the reason why there is no window. Pure: what exists is told. */
export function windowPlan({ platform, env, exists, readText, base = root }) {
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY)
    return {
      window: false,
      why: 'there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)',
    };
  const folder = env.ELECTRON_OVERRIDE_DIST_PATH ?? join(base, 'node_modules', 'electron', 'dist');
  const record = join(base, 'node_modules', 'electron', 'path.txt');
  const ordinary =
    { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }[platform] ??
    'electron';
  const name =
    env.ELECTRON_OVERRIDE_DIST_PATH === undefined && exists(record)
      ? readText(record).trim()
      : ordinary;
  const binary = join(folder, name);
  if (!exists(binary)) return { window: false, why: `there is no Electron binary at ${binary}` };
  if (!exists(join(base, 'out', 'main', 'desktop.cjs')))
    return { window: false, why: 'the desktop part is not built' };
  return { window: true, binary };
}

function workspaceFromArguments() {
  for (const name of ['--workspace', '--base-dir']) {
    const at = process.argv.indexOf(name);
    if (at !== -1 && process.argv[at + 1] !== undefined) return process.argv[at + 1];
    const joined = process.argv.find((argument) => argument.startsWith(`${name}=`));
    if (joined !== undefined) return joined.slice(name.length + 1);
  }
  return process.env.NIGHTSHIFT_WORKSPACE ?? join(homedir(), 'Nightshift');
}

if (process.argv[1] !== undefined && process.argv[1].endsWith('start.mjs')) {
  await runScript(async () => {
    const workspace = resolve(workspaceFromArguments());
    await setUp();
    await build();
    // npm's electron fetches its binary at its first use, not at installation: this is where it is asked for.
    if (process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
      await fetchElectron();
    const plan = windowPlan({
      platform: process.platform,
      env: process.env,
      exists: existsSync,
      readText: (path) => readFileSync(path, 'utf8'),
    });
    if (!plan.window) {
      say(`No window: ${plan.why}. Serving for a browser instead.`);
      return handOver(['serve', '--workspace', workspace]);
    }
    say(`Opening the window on ${workspace}`);
    const node = await node24();
    const child = spawn(plan.binary, [...rootOptions(), root], {
      stdio: 'inherit',
      env: {
        ...process.env,
        NIGHTSHIFT_WORKSPACE: workspace,
        NIGHTSHIFT_NODE: node ?? '',
        NIGHTSHIFT_ROOT: root,
      },
    });
    return new Promise((done) => {
      child.on('error', () => done(1));
      child.on('close', (code) => done(code ?? 1));
    });
  });
}

/** Chromium's own sandbox cannot be used by root; the pages stay sandboxed by Electron. */
function rootOptions() {
  return process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}

async function fetchElectron() {
  const folder = join(root, 'node_modules', 'electron');
  if (process.env.ELECTRON_OVERRIDE_DIST_PATH || existsSync(join(folder, 'path.txt'))) return;
  if (!existsSync(join(folder, 'install.js'))) return;
  say('Electron: fetching the binary');
  const { run } = await import('./setup/terminal.mjs');
  const answer = await run((await node24()) ?? process.execPath, ['install.js'], {
    quiet: true,
    cwd: folder,
  });
  if (answer.code !== 0) say('Electron: the binary could not be had');
}
