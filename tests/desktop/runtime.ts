/**
 * The Electron that the tests run on: the installed one, else ELECTRON_OVERRIDE_DIST_PATH, else
 * Electron 22.3.25 from a Python wheel. null with a reason if none is available.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');
export const node24 = join(root, 'node_modules/node/bin/node');
export const shimPath = join(import.meta.dirname, 'runtime/electron22-shim.cjs');

export interface Runtime {
  /**
   * The folder with the file `electron`, for ELECTRON_OVERRIDE_DIST_PATH; null for the installed
   * one.
   */
  readonly folder: string | null;
  readonly major: number;
}
export type Found =
  { readonly runtime: Runtime } | { readonly runtime: null; readonly why: string };

function find(): Found {
  if (process.platform !== 'linux') return { runtime: null, why: 'the desktop tests need Linux' };
  const missing = ['Xvfb', 'dbus-daemon'].filter((name) => spawnSync('which', [name]).status !== 0);
  if (missing.length > 0) return { runtime: null, why: `not installed: ${missing.join(', ')}` };
  const installed = join(root, 'node_modules/electron/dist');
  if (existsSync(join(installed, 'electron')))
    return { runtime: { folder: null, major: majorOf(installed) } };
  const named = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (named !== undefined) return { runtime: { folder: named, major: majorOf(named) } };
  const script = join(import.meta.dirname, 'runtime/electron-runtime.py');
  const answer = spawnSync('python3', [script], { encoding: 'utf8' });
  const folder = answer.stdout.trim();
  return answer.status === 0 && existsSync(join(folder, 'electron'))
    ? { runtime: { folder, major: majorOf(folder) } }
    : { runtime: null, why: `no Electron available: ${answer.stderr.trim().slice(-400)}` };
}

function majorOf(folder: string): number {
  return Number(
    readFileSync(join(folder, 'version'), 'utf8').trim().replace(/^v/, '').split('.')[0],
  );
}

export const found: Found = find();
if (found.runtime === null) console.warn(`tests/desktop is skipped: ${found.why}`);
else if (found.runtime.folder !== null)
  // Read by the npm package `electron` and by Playwright through it.
  process.env['ELECTRON_OVERRIDE_DIST_PATH'] = found.runtime.folder;
