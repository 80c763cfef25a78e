/**
 * A workspace that somebody else made: what it names and links to leads no engine out of it. Each
 * attack was shown with the real program.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findTrainer, namesRun } from '../../src-main/engine/trainer/run-files.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { identityOf, sealedText } from '../../src-main/kit/index.ts';
import { until, Workspace } from './fixtures/workspace.ts';

let w: Workspace;
let outside: string;
beforeEach(() => {
  w = new Workspace();
  w.configure({});
  outside = path.join(w.root, 'outside');
  mkdirSync(outside);
});
afterEach(() => w.end());

const inside = (...parts: string[]): string => path.join(w.folder, ...parts);
function link(target: string, ...parts: string[]): void {
  mkdirSync(path.dirname(inside(...parts)), { recursive: true });
  symlinkSync(target, inside(...parts));
}
/** A file that the start would remove if it believed the link. */
function mine(...parts: string[]): string {
  const file = path.join(outside, ...parts, 'mine');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, 'mine');
  return file;
}

describe('links in place of folders', () => {
  const places = [
    'inbox',
    'queue/high',
    'data/datasets',
    'runs',
    'models/versions',
    'models/backups/manual',
    'current_model/checkpoints/main',
    'logs',
    'journal',
  ];
  test.each(places)('%s', async (place) => {
    link(outside, place);
    await expect(w.start()).rejects.toMatchObject({
      code: 'INVALID',
      message: expect.stringContaining(`${inside(place)} is a link`) as string,
    });
    expect(readdirSync(outside)).toEqual([]);
  });

  test('the trash of versions: nothing behind the link is removed', async () => {
    const file = mine('v001_a.1');
    link(outside, 'models', 'versions', '.trash');
    await expect(w.start()).rejects.toMatchObject({ code: 'INVALID' });
    expect(existsSync(file)).toBe(true);
  });

  test('backups: on another disk of this account, but in no folder with anything else', async () => {
    const file = mine('.notes.partial');
    link(outside, 'models', 'backups');
    await expect(w.start()).rejects.toMatchObject({
      code: 'INVALID',
      message: expect.stringContaining('holds more than backups (.notes.partial)') as string,
    });
    expect(existsSync(file)).toBe(true);
    rmSync(path.join(outside, '.notes.partial'), { recursive: true });
    await w.start();
    expect(w.engine.rooms.backups.list()).toEqual([]);
  });
});

test('a branch name with ../ in lineage.json: refused as damage, no path follows from it', async () => {
  await w.withBase();
  await w.stop();
  for (const name of ['lineage.json', '.lineage.json.last-good']) {
    const text = readFileSync(inside('current_model', name), 'utf8');
    writeFileSync(
      inside('current_model', name),
      text.replaceAll('"main"', '"../../../outside/current_model/checkpoints/main"'),
    );
  }
  const { rooms } = await w.start();
  expect(rooms.lineage.branch()).toBe('main');
  expect(rooms.journal.recent().find(({ what }) => what === 'lineage.recovered')?.text).toContain(
    'not `main` or `branch-<number>`',
  );
});

describe('a backup from elsewhere', () => {
  const AUTOSTART = '#!/bin/sh\n';

  /** A backup of one file, whose sealed manifest is then written anew by a stranger. */
  async function forged(
    change: (manifest: Record<string, unknown>, name: string) => object,
  ): Promise<string> {
    await w.start();
    const folder = path.join(w.root, 'folder');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'run.sh'), AUTOSTART);
    const backup = await w.engine.rooms.backups.create({
      source: { kind: 'folder', path: folder },
      type: 'manual',
      reason: 'a test',
      by: 'test',
    });
    const file = path.join(backup.folder, 'manifest.json');
    const { seal: _seal, ...manifest } = JSON.parse(readFileSync(file, 'utf8')) as {
      seal: string;
      files: Record<string, unknown>;
    };
    const [name = ''] = Object.keys(manifest.files);
    writeFileSync(file, sealedText({ ...manifest, ...change(manifest, name) }));
    return backup.id;
  }
  const extract = (id: string) =>
    w.engine.api.backups.extract({ id, to: path.join(w.root, 'extracted'), by: 'test' });

  test('a file name with ../ is written nowhere', async () => {
    const id = await forged(({ files }, name) => ({
      files: { '../autostart': (files as Record<string, unknown>)[name] },
    }));
    await expect(extract(id)).rejects.toMatchObject({
      code: 'NOT_READY',
      message: expect.stringContaining('files.../autostart') as string,
    });
    expect(existsSync(path.join(w.root, 'autostart'))).toBe(false);
    expect(existsSync(path.join(w.root, 'extracted'))).toBe(false);
  });

  test('a mode with setuid becomes one for this account alone', async () => {
    const id = await forged(({ files }, name) => {
      const known = files as Record<string, { mode: number }>;
      return { files: { [name]: { ...known[name], mode: 0o4755 } } };
    });
    await extract(id);
    const [name = ''] = readdirSync(path.join(w.root, 'extracted'), { recursive: true })
      .map(String)
      .filter((entry) => entry.endsWith('run.sh'));
    expect(statSync(path.join(w.root, 'extracted', name)).mode & 0o7777).toBe(0o700);
  });

  test.each([
    ['by its words', [{ name: 'a', target: '../..' }]],
    [
      'over two links',
      [
        { name: 'a', target: '.' },
        { name: 'b', target: 'a/a/../..' },
      ],
    ],
    [
      'as a parent of another',
      [
        { name: 'a', target: '.' },
        { name: 'a/b', target: 'x' },
      ],
    ],
  ])('a link that leads out %s is not made', async (_how, links) => {
    const id = await forged(() => ({ links }));
    await expect(extract(id)).rejects.toMatchObject({ code: 'NOT_READY' });
    expect(existsSync(path.join(w.root, 'extracted'))).toBe(false);
  });
});

describe('a process that a file names', () => {
  let child: ChildProcess | null = null;
  afterEach(() => {
    child?.kill('SIGKILL');
    child = null;
  });

  test('is adopted only if its command line names the run', async () => {
    const run = '20260101-120000-train-1a2b';
    mkdirSync(inside('runs', run), { recursive: true });
    child = spawn('sleep', ['60'], { cwd: inside('runs', run), stdio: 'ignore' });
    const pid = child.pid ?? 0;
    const identity = await until('the process', () => identityOf(pid));
    writeFileSync(
      inside('.trainer.lock'),
      JSON.stringify({ format: 1, ...identity, run, device: 'cpu', t: 1 }),
    );
    expect(await findTrainer(workspacePaths(w.folder))).toBeNull();
  });

  test.each([
    ['/usr/bin/python3 -m nightshift_trainer /w/runs/r-1', true],
    ['python -m torch.distributed.run --x 2 -m nightshift_trainer /w/runs/r-1', true],
    ['C:\\py.exe -m nightshift_trainer C:\\w\\runs\\r-1', true],
    ['"C:\\my py.exe" -m nightshift_trainer "C:\\my w\\runs\\r-1"', true],
    ['/usr/bin/python3 -m nightshift_trainer /w/runs/r-10', false],
    ['vi /w/runs/r-1/nightshift_trainer.log', false],
    ['', false],
  ])('%s', (command, names) => {
    expect(namesRun(command, 'r-1')).toBe(names);
  });
});

test.skipIf(process.platform === 'win32')(
  'pipes in place of files: the engine starts, and the window can be told',
  async () => {
    await w.withBase();
    await w.stop();
    const { execFileSync } = await import('node:child_process');
    for (const place of [
      ['config.json'],
      ['data', 'queue.json'],
      ['data', 'notices.json'],
      ['current_model', 'lineage.json'],
      ['current_model', 'held.json'],
      ['models', 'starter', 'base.json'],
      ['.trainer.lock'],
    ]) {
      rmSync(inside(...place), { force: true });
      execFileSync('mkfifo', [inside(...place)]);
    }
    const { api } = await w.start();
    expect(api.config.get().problem).toContain('is a pipe');
    expect(w.engine.rooms.lineage.branch()).toBe('main');
  },
);

test('what the engine makes is for this account alone', async () => {
  chmodSync(w.root, 0o755);
  await w.start();
  expect(statSync(inside('runs')).mode & 0o077).toBe(0);
});
