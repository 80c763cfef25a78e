/** The pure decisions of the desktop: supervision, notices, words, paths. */
import { describe, expect, test } from 'vitest';
import type { Notice, TrainingStatus } from '../../src-main/contract/index.ts';
import { escapeMarkup, freshNotices } from '../../src-main/desktop/fresh-notices.ts';
import { isVisible } from '../../src-main/desktop/bounds.ts';
import { quitQuestion, watchSaves } from '../../src-main/desktop/quit.ts';
import { CONTENT_SECURITY_POLICY, fileOf } from '../../src-main/desktop/scheme.ts';
import { standing, timeLeft } from '../../src-main/desktop/tray-status.ts';
import { backoffMs, decideNext, SILENT_LIMIT } from '../../src-main/desktop/supervisor/decide.ts';
import type { Readings } from '../../src-main/desktop/supervisor/decide.ts';
import { engineEnvironment } from '../../src-main/desktop/supervisor/engine-process.ts';
import { chooseWorkspace, datasetsAmong, withRecent } from '../../src-main/desktop/workspace.ts';
import { roomsOf } from '../contract/scripted-scenes.ts';

const rooms = roomsOf('training', 1000, 8080);
const status = (change: Partial<TrainingStatus>): TrainingStatus => ({
  ...rooms.status,
  ...change,
});

describe('supervision', () => {
  const nobody: Readings = {
    holder: null,
    probe: { kind: 'none' },
    silent: 0,
    child: null,
    contract: 3,
    waitMs: 0,
  };
  const holder = { pid: 7, seenMs: 100 };
  const answered = (contract: number): Readings => ({
    ...nobody,
    holder,
    probe: { kind: 'answered', handshake: { contract, build: 'b', pid: 7 } },
  });

  test('an engine that is there is attached to, whoever started it', () => {
    expect(decideNext(answered(3)).kind).toBe('attach');
    expect(decideNext({ ...answered(3), child: { pid: 9, ageMs: 100_000 } }).kind).toBe('attach');
  });
  test('another contract is never attached to', () => {
    expect(decideNext(answered(2)).kind).toBe('older');
    expect(decideNext(answered(4)).kind).toBe('newer');
  });
  test('nobody: start, after the wait, and not beside a child that is starting', () => {
    expect(decideNext(nobody).kind).toBe('start');
    expect(decideNext({ ...nobody, waitMs: 1 }).kind).toBe('wait');
    expect(decideNext({ ...nobody, child: { pid: 9, ageMs: 100 } }).kind).toBe('wait');
    expect(decideNext({ ...nobody, child: { pid: 9, ageMs: 60_001 } })).toEqual({
      kind: 'replace',
      pid: 9,
    });
  });
  test('a living engine is only ended after a long silence', () => {
    const silent = { ...nobody, holder, probe: { kind: 'silent' as const } };
    expect(decideNext({ ...silent, silent: SILENT_LIMIT - 1 }).kind).toBe('wait');
    expect(decideNext({ ...silent, silent: SILENT_LIMIT })).toEqual({ kind: 'replace', pid: 7 });
    expect(decideNext({ ...nobody, holder }).kind).toBe('wait');
    expect(decideNext({ ...nobody, holder: { pid: 7, seenMs: 60_001 } }).kind).toBe('replace');
  });
  test('the wait doubles from 0.2 s to 10 s', () => {
    expect([0, 1, 2, 3, 6, 7, 50].map(backoffMs)).toEqual([0, 200, 400, 800, 6400, 10_000, 10_000]);
  });
  test('the engine gets nothing that was meant for Electron', () => {
    const env = { PATH: '/bin', ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '-r x', HOME: undefined };
    expect(engineEnvironment(env)).toEqual({ PATH: '/bin' });
  });
});

describe('notices', () => {
  const entry = (id: string, t: number, change: Partial<Notice> = {}): Notice => ({
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
  test('only what is newer than the memory is told, oldest first', () => {
    const fresh = freshNotices(
      [entry('c', 30), entry('b', 20), entry('a', 10)],
      { t: 10, ids: ['a'] },
      0,
    );
    expect(fresh.announcements.map((told) => told.title)).toEqual(['title b', 'title c']);
    expect(fresh.memory).toEqual({ t: 30, ids: ['c'] });
  });
  test('the same notices again tell nothing, a second one of the same time does', () => {
    const memory = { t: 30, ids: ['c'] };
    expect(freshNotices([entry('c', 30)], memory, 0).announcements).toEqual([]);
    const second = freshNotices([entry('d', 30), entry('c', 30)], memory, 0);
    expect(second.announcements.map((told) => told.title)).toEqual(['title d']);
    expect(second.memory).toEqual({ t: 30, ids: ['c', 'd'] });
  });
  test('without a memory nothing from before this start is told', () => {
    const fresh = freshNotices([entry('old', 99), entry('new', 101)], null, 100);
    expect(fresh.announcements.map((told) => told.title)).toEqual(['title new']);
  });
  test('a fact, and what was dismissed, is remembered but not told', () => {
    const fresh = freshNotices(
      [entry('f', 5, { kind: 'fact' }), entry('g', 6, { dismissed: true })],
      { t: 1, ids: [] },
      0,
    );
    expect(fresh.announcements).toEqual([]);
    expect(fresh.memory).toEqual({ t: 6, ids: ['g'] });
  });
  test('many at once become one, which opens what needs the user', () => {
    const many = [1, 2, 3, 4].map((t) =>
      entry(`n${String(t)}`, t, t === 2 ? { tone: 'fail', opens: 'health' } : {}),
    );
    expect(freshNotices(many, { t: 0, ids: [] }, 0).announcements).toEqual([
      { title: '4 notices', body: 'title n2. title n3. title n4', opens: 'health' },
    ]);
  });
  test('markup is text', () => {
    expect(escapeMarkup('<b>a & b</b>')).toBe('&lt;b&gt;a &amp; b&lt;/b&gt;');
  });
});

describe('how it stands', () => {
  const attached = {
    kind: 'attached' as const,
    engine: { contract: 1, build: 'b', pid: 7 },
    address: { port: 1, token: 't' },
  };
  const at = (change: Partial<TrainingStatus>, desiredState: 'running' | 'paused' = 'running') =>
    standing(attached, {
      ...rooms,
      status: status(change),
      queue: { ...rooms.queue, desired_state: desiredState },
    });
  test('training: name, percent, time left; pause', () => {
    const now = at({
      state: 'training',
      current_dataset: { id: 'd', name: 'a.jsonl' },
      step_of_dataset: 129,
      steps_of_dataset: 200,
      eta_seconds: 54 * 60,
    });
    expect(now.line).toBe('Training a.jsonl, 64\u00a0%, 54\u00a0min left');
    expect([now.icon, now.action]).toEqual(['training', 'pause']);
  });
  test('paused: resume, no time left', () => {
    const now = at({ state: 'paused', eta_seconds: 600 }, 'paused');
    expect(now.line).not.toContain('left');
    expect([now.icon, now.action]).toEqual(['paused', 'resume']);
  });
  test('a bound that was reached needs the user', () => {
    expect(at({ state: 'failed', current_dataset: null }).line).toBe('Failed, needs you');
    expect(at({ state: 'failed' }).icon).toBe('attention');
  });
  test('without an engine nothing is claimed', () => {
    const now = standing({ kind: 'starting', problem: 'exit code 1' }, rooms);
    expect(now).toMatchObject({ icon: 'lost', progress: null, action: null });
    expect(now.line).toBe('The engine does not start: exit code 1');
  });
  test('two units of time at most', () => {
    expect([30, 60, 3599, 86 * 60, 50 * 3600].map(timeLeft)).toEqual([
      'under 1\u00a0min',
      '1\u00a0min',
      '1\u00a0h 0\u00a0min',
      '1\u00a0h 26\u00a0min',
      '2\u00a0d 2\u00a0h',
    ]);
    expect(timeLeft(null)).toBeNull();
  });
});

describe('quitting', () => {
  test('asks while a trainer works, in the words of the design', () => {
    const question = quitQuestion(
      status({
        state: 'training',
        current_dataset: { id: 'd', name: 'a.jsonl' },
        eta_seconds: 3240,
      }),
      8.6,
    );
    expect(question?.message).toBe('a.jsonl is training, 54\u00a0min left');
    expect(question?.buttons).toEqual([
      'Keep training in the background',
      'Save a checkpoint and stop, about 9\u00a0s',
      'Cancel',
    ]);
  });
  test('an unknown duration is not guessed', () => {
    expect(quitQuestion(status({ state: 'training' }), null)?.buttons[1]).toBe(
      'Save a checkpoint and stop',
    );
  });
  test('asks nothing when nothing trains', () => {
    for (const state of ['idle', 'paused', 'stopped', 'failed'] as const)
      expect(quitQuestion(status({ state }), null)).toBeNull();
    expect(quitQuestion(null, null)).toBeNull();
  });
  test('a save is timed from its first sight to its last', () => {
    let watch = watchSaves({ savingSince: null, seconds: null }, status({ state: 'saving' }), 10);
    watch = watchSaves(watch, status({ state: 'saving' }), 12);
    const trainer = { ...rooms.status.trainer, phase: 'step' };
    watch = watchSaves(watch, status({ state: 'training', trainer }), 17);
    expect(watch).toEqual({ savingSince: null, seconds: 7 });
  });
});

describe('paths', () => {
  test('the page is inside its folder, and only on its own host', () => {
    expect(fileOf('/ui', 'app://nightshift/')).toBe('/ui/desktop.html');
    expect(fileOf('/ui', 'app://nightshift/assets/a.js')).toBe('/ui/assets/a.js');
    expect(fileOf('/ui', 'app://nightshift/%2e%2e/secret')).not.toMatch(/^\/secret/);
    expect(fileOf('/ui', 'app://nightshift/..%2fsecret')).toBeNull();
    expect(fileOf('/ui', 'app://elsewhere/')).toBeNull();
    expect(fileOf('/ui', 'app://nightshift/%00')).toBeNull();
    expect(fileOf('/ui', 'app://nightshift/%ff')).toBeNull();
    expect(CONTENT_SECURITY_POLICY).not.toMatch(/unsafe-eval|script-src[^;]*unsafe/);
  });
  test('the workspace: asked for, else of the environment, else of the last time, else the usual', () => {
    const from = { argv: ['n'], env: {}, remembered: null, home: '/home/a', cwd: '/c' };
    expect(chooseWorkspace(from)).toBe('/home/a/Nightshift');
    expect(chooseWorkspace({ ...from, remembered: '/last' })).toBe('/last');
    const named = { ...from, remembered: '/last', env: { NIGHTSHIFT_WORKSPACE: '/env' } };
    expect(chooseWorkspace(named)).toBe('/env');
    expect(chooseWorkspace({ ...named, argv: ['n', '--workspace', 'w'] })).toBe('/c/w');
    expect(chooseWorkspace({ ...named, argv: ['n', '--workspace=/w'] })).toBe('/w');
  });
  test('datasets among the arguments of a launch', () => {
    const argv = [
      'electron',
      '-r',
      'shim.cjs',
      '/app',
      'a.jsonl',
      '/b.CSV',
      '--x=c.jsonl',
      'd.txt',
    ];
    expect(datasetsAmong(argv, '/c', (path) => path !== '/b.CSV')).toEqual(['/c/a.jsonl']);
  });
  test('a workspace comes to the front once', () => {
    expect(withRecent(['/a', '/b'], '/b')).toEqual(['/b', '/a']);
  });
  test('a window on a screen that is gone is not put there', () => {
    const area = { x: 0, y: 0, width: 1000, height: 800 };
    expect(isVisible({ x: 50, y: 50, width: 900, height: 700 }, [area])).toBe(true);
    expect(isVisible({ x: 2000, y: 50, width: 900, height: 700 }, [area])).toBe(false);
    expect(isVisible({ x: 50, y: -300, width: 900, height: 700 }, [area])).toBe(false);
  });
});
