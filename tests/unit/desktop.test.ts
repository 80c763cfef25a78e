/** Pure functions of the desktop: supervision, notices, tray status, quitting, paths. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Notice, TrainingStatus } from '../../src-main/contract/index.ts';
import { escapeMarkup, freshNotices } from '../../src-main/desktop/fresh-notices.ts';
import { isVisible } from '../../src-main/desktop/bounds.ts';
import { quitQuestion, watchSaves } from '../../src-main/desktop/quit.ts';
import { CONTENT_SECURITY_POLICY, fileOf } from '../../src-main/desktop/scheme.ts';
import { timeLeft } from '../../src-main/contract/format.ts';
import { trayStatus } from '../../src-main/desktop/tray-status.ts';
import { backoffMs, decideNext, SILENT_LIMIT } from '../../src-main/desktop/supervisor/decide.ts';
import type { Readings } from '../../src-main/desktop/supervisor/decide.ts';
import { engineEnvironment } from '../../src-main/desktop/supervisor/engine-process.ts';
import { prepareWorkspace } from '../../src-main/desktop/workspace-folder.ts';
import {
  chooseWorkspace,
  datasetsAmong,
  withRecent,
  withWorkspace,
} from '../../src-main/desktop/workspace.ts';
import { roomsOf } from '../contract/scenes/index.ts';

const rooms = roomsOf('training', 1000);
const status = (change: Partial<TrainingStatus>): TrainingStatus => ({
  ...rooms.status,
  ...change,
});

describe('supervision', () => {
  const noEngine: Readings = {
    holder: null,
    probe: { kind: 'none' },
    silent: 0,
    child: null,
    contract: 3,
    waitMs: 0,
  };
  const holder = { pid: 7, seenMs: 100 };
  const answered = (contract: number): Readings => ({
    ...noEngine,
    holder,
    probe: { kind: 'answered', handshake: { contract, build: 'b', pid: 7 } },
  });

  test('attaches to a running engine, no matter who started it', () => {
    expect(decideNext(answered(3)).kind).toBe('attach');
    expect(decideNext({ ...answered(3), child: { pid: 9, ageMs: 100_000 } }).kind).toBe('attach');
  });
  test('does not attach to an engine of another contract version', () => {
    expect(decideNext(answered(2)).kind).toBe('older');
    expect(decideNext(answered(4)).kind).toBe('newer');
  });
  test('without an engine: starts one after the delay, but not while another start is running', () => {
    expect(decideNext(noEngine).kind).toBe('start');
    expect(decideNext({ ...noEngine, waitMs: 1 }).kind).toBe('wait');
    expect(decideNext({ ...noEngine, child: { pid: 9, ageMs: 100 } }).kind).toBe('wait');
    expect(decideNext({ ...noEngine, child: { pid: 9, ageMs: 60_001 } })).toEqual({
      kind: 'replace',
      pid: 9,
    });
  });
  test('replaces a live engine only after a long silence', () => {
    const silent = { ...noEngine, holder, probe: { kind: 'silent' as const } };
    expect(decideNext({ ...silent, silent: SILENT_LIMIT - 1 }).kind).toBe('wait');
    expect(decideNext({ ...silent, silent: SILENT_LIMIT })).toEqual({ kind: 'replace', pid: 7 });
    expect(decideNext({ ...noEngine, holder }).kind).toBe('wait');
    expect(decideNext({ ...noEngine, holder: { pid: 7, seenMs: 60_001 } }).kind).toBe('replace');
  });
  test('the start delay doubles from 0.2 s to 10 s', () => {
    expect([0, 1, 2, 3, 6, 7, 50].map(backoffMs)).toEqual([0, 200, 400, 800, 6400, 10_000, 10_000]);
  });
  test('the engine does not inherit variables meant for Electron', () => {
    const env = { PATH: '/bin', ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '-r x', HOME: undefined };
    expect(engineEnvironment(env)).toEqual({ PATH: '/bin' });
  });
});

describe('notices', () => {
  const notice = (id: string, t: number, change: Partial<Notice> = {}): Notice => ({
    id,
    t,
    kind: 'dataset_done',
    tone: 'info',
    title: `title ${id}`,
    body: 'body',
    opens: 'dashboard',
    dismissed: false,
    ...change,
  });
  test('shows only notices newer than the memory, oldest first', () => {
    const fresh = freshNotices(
      [notice('c', 30), notice('b', 20), notice('a', 10)],
      { t: 10, ids: ['a'] },
      0,
    );
    expect(fresh.announcements.map((announcement) => announcement.title)).toEqual([
      'title b',
      'title c',
    ]);
    expect(fresh.memory).toEqual({ t: 30, ids: ['c'] });
  });
  test('does not repeat notices, but shows another one with the same time', () => {
    const memory = { t: 30, ids: ['c'] };
    expect(freshNotices([notice('c', 30)], memory, 0).announcements).toEqual([]);
    const second = freshNotices([notice('d', 30), notice('c', 30)], memory, 0);
    expect(second.announcements.map((announcement) => announcement.title)).toEqual(['title d']);
    expect(second.memory).toEqual({ t: 30, ids: ['c', 'd'] });
  });
  test('notices that were held back are announced later, as one, without those that are over', () => {
    const held = (id: string, announced: number | null, dismissed = false) => ({
      ...notice(id, 10),
      announced,
      dismissed,
    });
    const first = freshNotices([held('b', null), notice('a', 10)], { t: 0, ids: [] }, 0);
    expect(first.announcements).toHaveLength(1);
    const all = [held('d', 610), held('c', 610), held('b', null, true), notice('a', 10)];
    const later = freshNotices(all, first.memory, 0);
    expect(later.announcements.map(({ title }) => title)).toEqual([
      expect.stringMatching(/, and 1 more$/),
    ]);
    expect(freshNotices(all, later.memory, 0).announcements).toEqual([]);
  });

  test('without a memory, shows nothing from before this start', () => {
    const fresh = freshNotices([notice('old', 99), notice('new', 101)], null, 100);
    expect(fresh.announcements.map((announcement) => announcement.title)).toEqual(['title new']);
  });
  test('facts and dismissed notices count as handled and are not shown', () => {
    const fresh = freshNotices(
      [notice('f', 5, { kind: 'fact' }), notice('g', 6, { dismissed: true })],
      { t: 1, ids: [] },
      0,
    );
    expect(fresh.announcements).toEqual([]);
    expect(fresh.memory).toEqual({ t: 6, ids: ['g'] });
  });
  test('combines many notices into one, which opens the screen of the newest failure', () => {
    const many = [1, 2, 3, 4].map((t) =>
      notice(`n${String(t)}`, t, t === 2 ? { tone: 'fail', opens: 'health' } : {}),
    );
    expect(freshNotices(many, { t: 0, ids: [] }, 0).announcements).toEqual([
      { title: '4 notices', body: 'title n2. title n3. title n4', opens: 'health' },
    ]);
  });
  test('escapes markup', () => {
    expect(escapeMarkup('<b>a & b</b>')).toBe('&lt;b&gt;a &amp; b&lt;/b&gt;');
  });
});

describe('tray status', () => {
  const attached = {
    kind: 'attached' as const,
    engine: { contract: 1, build: 'b', pid: 7 },
    address: { port: 1, token: 't' },
  };
  const at = (change: Partial<TrainingStatus>, desiredState: 'running' | 'paused' = 'running') =>
    trayStatus(attached, {
      ...rooms,
      status: status(change),
      queue: { ...rooms.queue, desired_state: desiredState },
    });
  test('training: name, percent, time left; pause', () => {
    const tray = at({
      state: 'training',
      current_dataset: { id: 'd', name: 'a.jsonl' },
      step_of_dataset: 129,
      steps_of_dataset: 200,
      eta_seconds: 54 * 60,
    });
    expect(tray.label).toBe('Training a.jsonl, 64\u00a0%, about 54\u00a0min left');
    expect([tray.icon, tray.action]).toEqual(['training', 'pause']);
  });
  test('paused: resume, no time left', () => {
    const tray = at({ state: 'paused', eta_seconds: 600 }, 'paused');
    expect(tray.label).not.toContain('left');
    expect([tray.icon, tray.action]).toEqual(['paused', 'resume']);
  });
  test('failed: needs attention', () => {
    expect(at({ state: 'failed', current_dataset: null }).label).toBe('Failed: needs attention');
    expect(at({ state: 'failed' }).icon).toBe('attention');
  });
  test('without an engine, no training state is shown', () => {
    const tray = trayStatus({ kind: 'starting', problem: 'exit code 1' }, rooms);
    expect(tray).toMatchObject({ icon: 'lost', progress: null, action: null });
    expect(tray.label).toBe('The engine failed to start: exit code 1');
  });
  test('shows the time left as the window does, as a range', () => {
    const left = (eta: number | null, spread?: number) =>
      timeLeft({
        eta_seconds: eta,
        eta_range:
          eta === null || spread === undefined
            ? null
            : { least: eta * (1 - spread), most: eta * (1 + spread) },
      });
    expect(left(null)).toBeNull();
    expect(left(30)).toBe('about 30\u00a0s');
    expect([30, 420, 86 * 60, 50 * 3600].map((eta) => left(eta, 0.2))).toEqual([
      '25 to 35\u00a0s',
      '6 to 8\u00a0min',
      '1\u00a0h 10\u00a0min to 1\u00a0h 40\u00a0min',
      '1\u00a0d 16\u00a0h to 2\u00a0d 12\u00a0h',
    ]);
  });
});

describe('quitting', () => {
  test('asks while a trainer is working', () => {
    const question = quitQuestion(
      status({
        state: 'training',
        current_dataset: { id: 'd', name: 'a.jsonl' },
        eta_seconds: 3240,
      }),
      8.6,
    );
    expect(question?.message).toBe('a.jsonl is training, about 54\u00a0min left');
    expect(question?.buttons).toEqual([
      'Keep training in the background',
      'Save a checkpoint and stop, about 9\u00a0s',
      'Cancel',
    ]);
  });
  test('omits an unknown duration', () => {
    expect(quitQuestion(status({ state: 'training' }), null)?.buttons[1]).toBe(
      'Save a checkpoint and stop',
    );
  });
  test('does not ask when nothing is training', () => {
    for (const state of ['idle', 'paused', 'stopped', 'failed'] as const)
      expect(quitQuestion(status({ state }), null)).toBeNull();
    expect(quitQuestion(null, null)).toBeNull();
  });
  test('measures the duration of a save', () => {
    let watch = watchSaves({ savingSince: null, seconds: null }, status({ state: 'saving' }), 10);
    watch = watchSaves(watch, status({ state: 'saving' }), 12);
    const trainer = { ...rooms.status.trainer, phase: 'step' };
    watch = watchSaves(watch, status({ state: 'training', trainer }), 17);
    expect(watch).toEqual({ savingSince: null, seconds: 7 });
  });
});

describe('paths', () => {
  test('serves only files of the page, only for its own host', () => {
    expect(fileOf('/ui', 'app://nightshift/')).toBe('/ui/desktop.html');
    expect(fileOf('/ui', 'app://nightshift/assets/a.js')).toBe('/ui/assets/a.js');
    expect(fileOf('/ui', 'app://nightshift/%2e%2e/secret')).not.toMatch(/^\/secret/);
    expect(fileOf('/ui', 'app://nightshift/..%2fsecret')).toBeNull();
    expect(fileOf('/ui', 'app://elsewhere/')).toBeNull();
    expect(fileOf('/ui', 'app://nightshift/%00')).toBeNull();
    expect(fileOf('/ui', 'app://nightshift/%ff')).toBeNull();
    expect(CONTENT_SECURITY_POLICY).not.toMatch(/unsafe-eval|script-src[^;]*unsafe/);
  });
  test('workspace: option, then environment, then last used, then default', () => {
    const sources = { argv: ['n'], env: {}, lastUsed: null, home: '/home/a', cwd: '/c' };
    expect(chooseWorkspace(sources)).toBe('/home/a/Nightshift');
    expect(chooseWorkspace({ ...sources, lastUsed: '/last' })).toBe('/last');
    const withEnvironment = {
      ...sources,
      lastUsed: '/last',
      env: { NIGHTSHIFT_WORKSPACE: '/env' },
    };
    expect(chooseWorkspace(withEnvironment)).toBe('/env');
    expect(chooseWorkspace({ ...withEnvironment, argv: ['n', '--workspace', 'w'] })).toBe('/c/w');
    expect(chooseWorkspace({ ...withEnvironment, argv: ['n', '--workspace=/w'] })).toBe('/w');
  });
  test('finds the datasets among the arguments', () => {
    const argv = ['electron', '-r', 'shim.cjs', '/app', 'a.jsonl', '/b.CSV', '--x=c.jsonl', 'd.md'];
    expect(datasetsAmong(argv, '/c', (path) => path !== '/b.CSV')).toEqual(['/c/a.jsonl']);
  });
  test('starts again with another workspace and the other arguments as they were', () => {
    expect(
      withWorkspace(['-r', 'shim.cjs', '/app', '--workspace', '/a', '--hidden'], '/b'),
    ).toEqual(['-r', 'shim.cjs', '/app', '--hidden', '--workspace=/b']);
    expect(withWorkspace(['/app', '--workspace=/a'], '/b')).toEqual(['/app', '--workspace=/b']);
  });
  test('creates a new workspace, accepts an old one, and says what is wrong with another folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nightshift-workspace-'));
    try {
      const at = (...parts: string[]): string => join(folder, ...parts);
      const prepare = (path: unknown) => prepareWorkspace(path, at('current'));
      expect(await prepare(at('new', 'deep'))).toBeNull();
      expect(existsSync(at('new', 'deep'))).toBe(true);
      for (const part of ['inbox', 'data', 'models', 'status'])
        mkdirSync(at('old', part), { recursive: true });
      expect(await prepare(at('old'))).toBeNull();
      writeFileSync(at('file'), '');
      expect(await prepare(at('file'))).toBe(`${at('file')} is not a folder.`);
      expect(await prepare(at('file', 'inside'))).toBe(`${at('file', 'inside')} is not a folder.`);
      mkdirSync(at('photos'));
      writeFileSync(at('photos', 'sea.jpg'), '');
      expect(await prepare(at('photos'))).toMatch(/has other files in it/);
      expect(await prepare(at('current'))).toBe('This workspace is open.');
      expect(await prepare('mine')).toMatch(/whole path/);
      expect(await prepare(7)).toMatch(/Enter the path/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  test('moves a workspace to the front of the recent ones', () => {
    expect(withRecent(['/a', '/b'], '/b')).toEqual(['/b', '/a']);
  });
  test('does not restore a window to a disconnected screen', () => {
    const area = { x: 0, y: 0, width: 1000, height: 800 };
    expect(isVisible({ x: 50, y: 50, width: 900, height: 700 }, [area])).toBe(true);
    expect(isVisible({ x: 2000, y: 50, width: 900, height: 700 }, [area])).toBe(false);
    expect(isVisible({ x: 50, y: -300, width: 900, height: 700 }, [area])).toBe(false);
  });
});
