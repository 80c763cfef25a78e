/** What a desktop keeps of the user's taste: the autostart file, the size, silenced kinds, the menu from the table of keys. */
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
import { createTastes } from '../../src-main/desktop/preferences.ts';

const home = (): string => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nightshift-login-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
};
const system = { get: () => false, set: () => undefined };

test('the autostart folder is the one of the base directories, an odd value is passed over', () => {
  expect(autostartFile({}, '/home/a')).toBe('/home/a/.config/autostart/nightshift.desktop');
  expect(autostartFile({ XDG_CONFIG_HOME: '/x' }, '/home/a')).toBe(
    '/x/autostart/nightshift.desktop',
  );
  expect(autostartFile({ XDG_CONFIG_HOME: 'x' }, '/home/a')).toContain('/home/a/.config/');
});

test('a program with spaces and signs is quoted as desktop entries want it', () => {
  expect(execLine(['/opt/Nightshift/nightshift', '--hidden'])).toBe(
    '/opt/Nightshift/nightshift --hidden',
  );
  expect(execLine(['/home/a b/100%.AppImage'])).toBe('"/home/a b/100%%.AppImage"');
  expect(execLine(['/a"$b'])).toBe(String.raw`"/a\\"\\$b"`);
  expect(autostartText(['/opt/n'])).toContain('\nExec=/opt/n --hidden\n');
});

test('the file appears and goes, and the file is what counts', () => {
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

function preferences() {
  const kept: Record<string, unknown> = {
    preferences: { zoom: 100, silenced: [], keepAwake: true },
  };
  const settings: Settings = {
    get: (name) => kept[name] as never,
    set: (name, value) => {
      kept[name] = value;
    },
  };
  let atLogin = false;
  const told: unknown[] = [];
  const made = createTastes({
    settings,
    login: {
      get: () => atLogin,
      set: (wanted) => {
        if (wanted && kept['refuse'] === true) throw new Error('read-only file system');
        atLogin = wanted;
      },
    },
    changed: (now) => told.push(now),
  });
  return { made, kept, told };
}

test('a change is checked, kept, told; what the system keeps is not kept twice', () => {
  const { made, kept, told } = preferences();
  expect(made.change({ silenced: ['queue_empty'], startAtLogin: true })).toEqual({
    zoom: 100,
    silenced: ['queue_empty'],
    keepAwake: true,
    startAtLogin: true,
  });
  expect(kept['preferences']).toEqual({ zoom: 100, silenced: ['queue_empty'], keepAwake: true });
  expect(told).toHaveLength(1);
  expect(() => made.change({ zoom: 500 })).toThrow();
  expect(() => made.change({ other: 1 } as never)).toThrow();
  kept['refuse'] = true;
  made.change({ startAtLogin: false });
  expect(() => made.change({ startAtLogin: true, zoom: 125 })).toThrow('read-only');
  expect(made.get().zoom).toBe(100);
});

test('the size goes by steps and stays within them', () => {
  expect([nextZoom(100, 1), nextZoom(100, -1), nextZoom(125, 0)]).toEqual([110, 90, 100]);
  expect([nextZoom(200, 1), nextZoom(80, -1), nextZoom(104, 1)]).toEqual([200, 80, 110]);
  const { made } = preferences();
  made.zoom(1);
  expect(made.get().zoom).toBe(110);
});

test('a silenced kind is remembered as told, and is not told later', () => {
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

test('the native menu has the acts of the page with the keys of the table', () => {
  const done: string[] = [];
  const say =
    (name: string) =>
    (...more: readonly unknown[]): void => {
      done.push([name, ...more].join(' '));
    };
  const template = menuTemplate(
    { action: 'pause', connected: true, mac: false, packaged: true },
    {
      addFiles: say('add'),
      open: say('open'),
      act: say('act'),
      zoom: say('zoom'),
      pause: say('pause'),
      resume: say('resume'),
      stop: say('stop'),
      skip: say('skip'),
      restartEngine: say('restart'),
      showWorkspace: say('workspace'),
      showEngineLog: say('log'),
      close: say('close'),
      quit: say('quit'),
    },
  );
  const items = template.flatMap((entry) =>
    Array.isArray(entry.submenu) ? (entry.submenu as MenuItemConstructorOptions[]) : [],
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
  expect(done).toEqual([
    'act palette',
    'add',
    'pause',
    'act stop',
    'open settings',
    'open dashboard',
    'open health',
    'open logs',
    'zoom 1',
    'zoom 0',
  ]);
  expect(items.map((item) => item.label)).toEqual(expect.arrayContaining(['Help', 'Keys']));
});
