#!/usr/bin/env node
/**
 * `npm start`: sets up, builds, and opens the window. Without a display or an Electron binary, it
 * says why, serves on 127.0.0.1:8080 and prints a one-time sign-in link. Workspace: `--workspace`,
 * NIGHTSHIFT_WORKSPACE, else ~/Nightshift.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path, { join } from 'node:path';
import { setUp } from './bootstrap.mjs';
import { build } from './build.mjs';
import { runCommandLine } from './nightshift.mjs';
import { node24 } from './setup/node-part.mjs';
import { log, root, run, runScript, setupFolder } from './setup/terminal.mjs';

/**
 * The Electron binary, or the reason why no window can be opened. Pure: `exists` and `readText`
 * access the files.
 */
export function windowPlan({ platform, env, exists, readText, base = root }) {
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY)
    return {
      window: false,
      why: 'no display (neither DISPLAY nor WAYLAND_DISPLAY is set)',
    };
  const folder = env.ELECTRON_OVERRIDE_DIST_PATH ?? join(base, 'node_modules', 'electron', 'dist');
  const pathFile = join(base, 'node_modules', 'electron', 'path.txt');
  const defaultName =
    { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }[platform] ??
    'electron';
  const name =
    env.ELECTRON_OVERRIDE_DIST_PATH === undefined && exists(pathFile)
      ? readText(pathFile).trim()
      : defaultName;
  const binary = join(folder, name);
  if (!exists(binary)) return { window: false, why: `no Electron binary at ${binary}` };
  if (!exists(join(base, 'out', 'main', 'desktop.cjs')))
    return { window: false, why: 'the desktop part is not built' };
  return { window: true, binary };
}

function workspaceFromArguments() {
  for (const name of ['--workspace', '--base-dir']) {
    const index = process.argv.indexOf(name);
    if (index !== -1 && process.argv[index + 1] !== undefined) return process.argv[index + 1];
    const withValue = process.argv.find((argument) => argument.startsWith(`${name}=`));
    if (withValue !== undefined) return withValue.slice(name.length + 1);
  }
  return process.env.NIGHTSHIFT_WORKSPACE ?? join(homedir(), 'Nightshift');
}

if (process.argv[1] !== undefined && process.argv[1].endsWith('start.mjs')) {
  await runScript(async () => {
    const workspace = path.resolve(workspaceFromArguments());
    await setUp();
    await build();
    await offerLink();
    // The electron package downloads its binary on first use, not on installation.
    if (process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
      await downloadElectron();
    const plan = windowPlan({
      platform: process.platform,
      env: process.env,
      exists: existsSync,
      readText: (path) => readFileSync(path, 'utf8'),
    });
    if (!plan.window) {
      log(`Can't open a window: ${plan.why}. Serving for a browser instead.`);
      return runCommandLine(['serve', '--workspace', workspace]);
    }
    log(`Opening workspace ${workspace}`);
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
    return new Promise((resolve) => {
      child.on('error', () => resolve(1));
      child.on('close', (code) => resolve(code ?? 1));
    });
  });
}

/**
 * Asks once, on a terminal, whether to link the command. Nothing outside the checkout is
 * written without a yes; `nightshift link` and `nightshift unlink` do it at any time.
 */
async function offerLink() {
  const asked = join(setupFolder, 'link-asked');
  if (!process.stdin.isTTY || !process.stderr.isTTY || existsSync(asked)) return;
  writeFileSync(asked, '');
  await runCommandLine(['link', '--if-asked']);
}

/** Chromium's sandbox does not work as root. */
function rootOptions() {
  return process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}

async function downloadElectron() {
  const folder = join(root, 'node_modules', 'electron');
  if (process.env.ELECTRON_OVERRIDE_DIST_PATH || existsSync(join(folder, 'path.txt'))) return;
  if (!existsSync(join(folder, 'install.js'))) return;
  log('Electron: downloading the binary');
  const answer = await run((await node24()) ?? process.execPath, ['install.js'], {
    quiet: true,
    cwd: folder,
  });
  if (answer.code !== 0) log('Electron: the binary could not be downloaded');
}
