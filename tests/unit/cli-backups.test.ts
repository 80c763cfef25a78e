/**
 * `nightshift backup` and `nightshift checkpoints`, with the scripted engine and with workspace
 * files only.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommandLine } from '../../src-main/cli/index.ts';
import { CONTRACT_VERSION } from '../../src-main/contract/index.ts';
import { makeBackup } from '../../src-main/engine/backups/making.ts';
import { BackupStore } from '../../src-main/engine/backups/store.ts';
import { createThreads } from '../../src-main/engine/backups/threads.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { ownIdentity, systemClock } from '../../src-main/kit/index.ts';
import { folderBackup } from '../support/backup-parts.ts';
import { startScriptedServer, type ScriptedServer } from '../contract/scripted-server.ts';

const runtime = resolve(import.meta.dirname, '../../python-runtime');
const by = 'you (command line)';
let workspace: string;
let server: ScriptedServer | null = null;

beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'nightshift-cli-backups-'));
});
afterEach(async () => {
  await server?.close();
  server = null;
  rmSync(workspace, { recursive: true, force: true });
});

async function withEngine(): Promise<ScriptedServer> {
  server = await startScriptedServer({ uiFolder: null });
  const lock = { ...ownIdentity(), port: server.port, contract: CONTRACT_VERSION, t: 1 };
  writeFileSync(join(workspace, '.engine.lock'), JSON.stringify({ format: 1, ...lock }));
  writeFileSync(join(workspace, '.engine.token'), `${server.token}\n`);
  return server;
}

async function nightshift(...args: string[]) {
  let out = '';
  let err = '';
  const code = await runCommandLine(args, {
    terminal: {
      out: (text) => (out += text),
      error: (text) => (err += text),
      interactive: false,
      ask: () => Promise.resolve(null),
    },
    environment: { NIGHTSHIFT_WORKSPACE: workspace },
    now: systemClock.now,
    signal: new AbortController().signal,
    version: '0.0.0',
  });
  return { code, out, err };
}

test('each command calls its procedure', async () => {
  const { engine } = await withEngine();
  for (const [args, path, input] of [
    [
      ['backup', 'create', '--reason', 'r'],
      'backups.create',
      { source: { kind: 'model' }, type: 'manual', reason: 'r', by },
    ],
    [
      ['backup', 'create', '/mine', '--reason', 'r', '--type', 'emergency'],
      'backups.create',
      { source: { kind: 'folder', path: '/mine' }, type: 'emergency', reason: 'r', by },
    ],
    [
      ['backup', 'create', '--of-version', 'v001_a', '--reason', 'r'],
      'backups.create',
      { source: { kind: 'version', name: 'v001_a' }, type: 'manual', reason: 'r', by },
    ],
    [['backup', 'verify', 'manual/x'], 'backups.verify', { id: 'manual/x' }],
    [
      ['backup', 'extract', 'manual/x', '--to', '/new'],
      'backups.extract',
      { id: 'manual/x', to: '/new', by },
    ],
    [
      ['backup', 'cleanup', '--retention-days', '7', '--execute'],
      'backups.cleanup',
      { retention_days: 7, last_copies: false, execute: true, by },
    ],
    [
      ['backup', 'restore', 'manual/x'],
      'restore.plan',
      { source: { kind: 'backup', id: 'manual/x' } },
    ],
    [['checkpoints', 'verify'], 'checkpoints.verify', { branch: null }],
    [
      ['checkpoints', 'cleanup', '--keep', '2'],
      'checkpoints.cleanup',
      { keep: 2, execute: false, by },
    ],
    [
      ['checkpoints', 'restore', '800', '--branch', 'main'],
      'restore.plan',
      { source: { kind: 'checkpoint', branch: 'main', step: 800 } },
    ],
    [['base', 'begin', 'starter'], 'restore.plan', { source: { kind: 'base', id: 'starter' } }],
    [['base', 'add', 'starter'], 'setup.choose', { base: 'starter', folder: null }],
    [['base', 'add', '/mine'], 'setup.choose', { base: 'folder', folder: '/mine' }],
  ] as const) {
    await nightshift(...args);
    expect(engine.calls, args.join(' ')).toContainEqual({ path, input });
  }
});

test('invalid usage exits with 2', async () => {
  for (const args of [
    ['backup', 'create'],
    ['backup', 'create', '--reason', 'r', '--type', 'other'],
    ['backup', 'create', '/mine', '--of-version', 'v001_a', '--reason', 'r'],
    ['backup', 'cleanup', '--retention-days', 'soon'],
    ['checkpoints', 'cleanup', '--keep', '0'],
  ])
    expect((await nightshift(...args)).code, args.join(' ')).toBe(2);
});

test('without an engine: lists and verifies backups from their files, other commands exit with 4', async () => {
  const source = join(workspace, 'mine');
  mkdirSync(source);
  writeFileSync(join(source, 'weights'), 'abc');
  const paths = workspacePaths(workspace);
  const threads = createThreads();
  const store = new BackupStore(paths, (files) => threads.hash(files));
  const made = await makeBackup(
    ...folderBackup({ paths, store, threads, folder: source, reason: 'mine' }),
  );
  const listed = await nightshift('backup', 'list', '--json');
  expect(JSON.parse(listed.out)).toMatchObject([{ id: made.id, reason: 'mine' }]);
  const good = await nightshift('backup', 'verify', made.id);
  expect(good).toMatchObject({ code: 0, out: `${made.id}: all checksums match.\n` });
  expect(good.err).toContain('the result was not recorded');
  const file = join(made.folder, 'backup.json');
  const record = readFileSync(file);
  writeFileSync(file, '{}');
  expect((await nightshift('backup', 'list')).out).toContain('damaged');
  writeFileSync(file, record);
  writeFileSync(join(made.folder, 'content/weights'), 'abd');
  const bad = await nightshift('backup', 'verify', made.id, '--json');
  expect(bad.code).toBe(3);
  expect(JSON.parse(bad.out)).toEqual({
    id: made.id,
    ok: false,
    problem: 'the content of weights has changed (SHA-256 mismatch)',
  });
  expect((await nightshift('backup', 'verify', '../x')).code).toBe(3);
  expect((await nightshift('backup', 'create', '--reason', 'r')).code).toBe(4);
  expect((await nightshift('backup', 'cleanup', '--execute')).code).toBe(4);
});

test(
  'without an engine: lists checkpoints, and verifies them with the Python worker',
  { timeout: 60_000 },
  async () => {
    expect(await nightshift('checkpoints', 'verify')).toMatchObject({
      code: 0,
      out: 'no checkpoints on branch main; training would start from the base model\n',
    });
    const root = join(workspace, 'current_model/checkpoints/main');
    const write = `
import json, sys
from pathlib import Path
from nightshift_trainer.hashing import file_hash
from nightshift_trainer.train.checkpoint.discover import seal
for step in (8, 9):
    folder = Path(sys.argv[1]) / f"step-{step:08d}"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text("{}")
    facts = {"size": 2, "xxh3_128": file_hash(folder / "state.json", lambda: None)}
    manifest = {"format": 1, "step": step, "branch": "main", "created": 1.0, "cursor": None,
                "base": {"id": "b", "hash": "h"}, "files": {"state.json": facts}}
    (folder / "manifest.json").write_text(json.dumps({**manifest, "seal": seal(manifest)}))
`;
    execFileSync(join(runtime, '.venv/bin/python'), ['-c', write, root], { cwd: runtime });
    expect(JSON.parse((await nightshift('checkpoints', 'list', '--json')).out)).toMatchObject([
      { step: 9, problem: null },
      { step: 8, problem: null },
    ]);
    const newest = join(root, 'step-00000009');
    expect((await nightshift('checkpoints', 'verify')).out).toBe(
      `would resume at step 9 of branch main from ${newest}\n`,
    );
    writeFileSync(join(newest, 'state.json'), '[]');
    const verified = await nightshift('checkpoints', 'verify', '--json');
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.out)).toMatchObject({
      text: `would resume at step 8 of branch main from ${join(root, 'step-00000008')}; 1 skipped because step 9: state.json has changed since it was saved`,
      resumes: { step: 8 },
      skipped: [{ step: 9, branch: 'main' }],
    });
    rmSync(join(root, 'step-00000008'), { recursive: true });
    expect((await nightshift('checkpoints', 'verify')).code).toBe(3);
    expect((await nightshift('checkpoints', 'cleanup', '--keep', '1')).code).toBe(4);
  },
);
