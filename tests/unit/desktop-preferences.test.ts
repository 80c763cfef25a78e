/**
 * Desktop preferences: start at login, zoom, silenced notifications; and the menu with its
 * shortcuts.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { MenuItemConstructorOptions } from 'electron';
import { expect, onTestFinished, test } from 'vitest';
import { nextZoom, type Notice } from '../../src-main/contract/index.ts';
import { freshNotices } from '../../src-main/desktop/fresh-notices.ts';
import {
  autostartFile,
  autostartText,
  createLogin,
  execLine,
} from '../../src-main/desktop/login.ts';
import { menuTemplate } from '../../src-main/desktop/menu.ts';
import type { Settings } from '../../src-main/desktop/settings.ts';
import { createPreferences } from '../../src-main/desktop/preferences.ts';

const home = (): string => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nightshift-login-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
};
const system = { get: () => false, set: () => undefined };

test('the autostart folder follows XDG_CONFIG_HOME; a relative value is ignored', () => {
  expect(autostartFile({}, '/home/a')).toBe('/home/a/.config/autostart/nightshift.desktop');
  expect(autostartFile({ XDG_CONFIG_HOME: '/x' }, '/home/a')).toBe(
    '/x/autostart/nightshift.desktop',
  );
  expect(autostartFile({ XDG_CONFIG_HOME: 'x' }, '/home/a')).toContain('/home/a/.config/');
});

test('quotes a command with spaces and special characters as desktop entries require', () => {
  expect(execLine(['/opt/Nightshift/nightshift', '--hidden'])).toBe(
    '/opt/Nightshift/nightshift --hidden',
  );
  expect(execLine(['/home/a b/100%.AppImage'])).toBe('"/home/a b/100%%.AppImage"');
  expect(execLine(['/a"$b'])).toBe(String.raw`"/a\\"\\$b"`);
  expect(autostartText(['/opt/n'])).toContain('\nExec=/opt/n --hidden\n');
});

test('creates and removes the autostart file, whose existence is the setting', () => {
  const folder = home();
  const login = createLogin({
    platform: 'linux',
    env: {},
    home: folder,
    command: ['/opt/n'],
    system,
  });
  const file = autostartFile({}, folder);
  expect(login.get()).toBe(false);
  login.set(true);
  expect(readFileSync(file, 'utf8')).toContain('[Desktop Entry]');
  expect(login.get()).toBe(true);
  rmSync(file);
  expect(login.get()).toBe(false);
  login.set(true);
  login.set(false);
  login.set(false);
  expect(existsSync(file)).toBe(false);
});

function openPreferences() {
  const stored: Record<string, unknown> = {
    preferences: { zoom: 100, silenced: [], keepAwake: true },
  };
  const settings: Settings = {
    get: (name) => stored[name] as never,
    set: (name, value) => {
      stored[name] = value;
    },
  };
  let atLogin = false;
  const changes: unknown[] = [];
  const preferences = createPreferences({
    settings,
    login: {
      get: () => atLogin,
      set: (enabled) => {
        if (enabled && stored['refuse'] === true) throw new Error('read-only file system');
        atLogin = enabled;
      },
    },
    onChange: (changed) => changes.push(changed),
  });
  return { preferences, stored, changes };
}

test('validates, saves and reports a change; start at login is only stored by the system', () => {
  const { preferences, stored, changes } = openPreferences();
  expect(preferences.change({ silenced: ['queue_empty'], startAtLogin: true })).toEqual({
    zoom: 100,
    silenced: ['queue_empty'],
    keepAwake: true,
    startAtLogin: true,
  });
  expect(stored['preferences']).toEqual({ zoom: 100, silenced: ['queue_empty'], keepAwake: true });
  expect(changes).toHaveLength(1);
  expect(() => preferences.change({ zoom: 500 })).toThrow();
  expect(() => preferences.change({ other: 1 } as never)).toThrow();
  stored['refuse'] = true;
  preferences.change({ startAtLogin: false });
  expect(() => preferences.change({ startAtLogin: true, zoom: 125 })).toThrow('read-only');
  expect(preferences.get().zoom).toBe(100);
});

test('zoom moves in steps within its limits', () => {
  expect([nextZoom(100, 1), nextZoom(100, -1), nextZoom(125, 0)]).toEqual([110, 90, 100]);
  expect([nextZoom(200, 1), nextZoom(80, -1), nextZoom(104, 1)]).toEqual([200, 80, 110]);
  const { preferences } = openPreferences();
  preferences.zoom(1);
  expect(preferences.get().zoom).toBe(110);
});

test('a silenced notice counts as handled and is not shown later', () => {
  const notice = (id: string, t: number, kind: Notice['kind']): Notice => ({
    id,
    t,
    kind,
    tone: 'info',
    title: id,
    body: '',
    opens: 'dashboard',
    dismissed: false,
  });
  const all = [notice('a', 5, 'dataset_done'), notice('b', 6, 'disk')];
  const first = freshNotices(all, null, 1, ['dataset_done']);
  expect(first.announcements.map((announcement) => announcement.title)).toEqual(['b']);
  expect(freshNotices(all, first.memory, 1, []).announcements).toEqual([]);
});

test('the menu triggers its actions with the shortcuts of the contract', () => {
  const triggered: string[] = [];
  const record =
    (name: string) =>
    (...args: readonly unknown[]): void => {
      triggered.push([name, ...args].join(' '));
    };
  const template = menuTemplate(
    { action: 'pause', connected: true, mac: false, packaged: true },
    {
      addFiles: record('add'),
      open: record('open'),
      pageAction: record('page'),
      zoom: record('zoom'),
      pause: record('pause'),
      resume: record('resume'),
      stop: record('stop'),
      skip: record('skip'),
      restartEngine: record('restart'),
      showWorkspace: record('workspace'),
      openWorkspace: record('open workspace'),
      showEngineLog: record('log'),
      close: record('close'),
      quit: record('quit'),
    },
  );
  const items = template.flatMap((menu) =>
    Array.isArray(menu.submenu) ? (menu.submenu as MenuItemConstructorOptions[]) : [],
  );
  const press = (accelerator: string): void => {
    const item = items.find((item) => item.accelerator === accelerator);
    (item?.click as (() => void) | undefined)?.();
  };
  for (const keys of [
    'CmdOrCtrl+K',
    'CmdOrCtrl+O',
    'CmdOrCtrl+Shift+P',
    'CmdOrCtrl+.',
    'CmdOrCtrl+,',
    'CmdOrCtrl+1',
    'CmdOrCtrl+7',
    'CmdOrCtrl+8',
    'CmdOrCtrl+Plus',
    'CmdOrCtrl+0',
  ])
    press(keys);
  expect(triggered).toEqual([
    'page palette',
    'add',
    'pause',
    'page stop',
    'open settings',
    'open dashboard',
    'open health',
    'open logs',
    'zoom 1',
    'zoom 0',
  ]);
  expect(items.map((item) => item.label)).toEqual(
    expect.arrayContaining(['Help', 'Keyboard shortcuts']),
  );
});
