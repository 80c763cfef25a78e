/** A disk with less room than a checkpoint: pause and stop say which step is safe, and nothing is lost. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EngineProcess, PLAIN_TRAINING, questions, until } from './engine-process.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const node = path.join(repository, 'node_modules/node/bin/node');
const engineEntry = path.join(repository, 'out/engine/engine.mjs');
const LEFT_BYTES = 2_000_000;

let engine: EngineProcess;
let isMounted = false;
beforeEach(() => {
  engine = new EngineProcess();
  mkdirSync(engine.workspace, { recursive: true });
  try {
    const options = ['-t', 'tmpfs', '-o', 'size=240m', 'tmpfs', engine.workspace];
    execFileSync('mount', options, { stdio: 'pipe' });
    isMounted = true;
  } catch {
    isMounted = false;
  }
});
afterEach(async () => {
  engine.kill();
  if (isMounted) execFileSync('umount', ['-l', engine.workspace]);
  await engine.end();
});

const filler = (): string => path.join(engine.workspace, 'filler');

/** Leaves less room than a checkpoint of the starter model needs, but enough for small files. */
function fill(): void {
  const { bavail, bsize } = statfsSync(engine.workspace);
  writeFileSync(filler(), Buffer.alloc(bavail * bsize - LEFT_BYTES));
}

/** Trains past a saved step, then fills the disk. Returns the id of the dataset. */
async function trainOnFullDisk(): Promise<string> {
  await engine.configure({ ...PLAIN_TRAINING, batch_size: 8, epochs: 2, save_steps: 10 });
  await engine.start();
  await engine.base('starter');
  const [added] = await engine.add([await engine.file('rows.jsonl', questions(700, 11))]);
  await until(
    'a saved step',
    async () => ((await engine.status()).last_checkpoint_step ?? 0) >= 10,
  );
  fill();
  await until('a failed save', async () => (await engine.status()).unsaved !== null, 60);
  return added?.id ?? '';
}

interface Controlled {
  readonly acted: boolean;
  readonly state: string;
  readonly text: string;
}

test('issue 10, 29: pause on a full disk names the safe step and what is missing, and saves when there is room', async ({
  skip,
}) => {
  if (!isMounted) skip('no small file system can be mounted here');
  const id = await trainOnFullDisk();
  const { body } = await engine.post<Controlled>('/training/pause');
  const { unsaved } = await engine.status();
  expect(body).toMatchObject({ acted: true, state: 'paused' });
  expect(body.text).not.toMatch(/saved\.$/);
  expect(body.text).toMatch(
    /^Paused, but step \d+ is safe; step \d+ isn't saved: the disk is full, [\d.]+\u00a0MB more are needed\./,
  );
  expect(unsaved?.saved_step).toBeLessThan(unsaved?.step ?? 0);
  const paused = await engine.status();
  expect(paused.reason).toContain(`step ${unsaved?.saved_step ?? ''} is safe`);
  expect(paused.trainer.alive).toBe(true);
  rmSync(filler());
  const saved = await until(
    'saved',
    async () => {
      const now = await engine.status();
      return now.unsaved === null && now.state === 'paused' ? now : null;
    },
    60,
  );
  expect(saved.last_checkpoint_step).toBe(unsaved?.step);
  await engine.post('/training/resume');
  await engine.completed([id], 300);
  const { account } = await engine.dataset(id);
  expect(Object.keys(account?.trained ?? {})).toEqual(['2']);
}, 400_000);

test('stop on a full disk waits for the save unless the steps are given up', async ({ skip }) => {
  if (!isMounted) skip('no small file system can be mounted here');
  await trainOnFullDisk();
  const stopping = await engine.post<Controlled>('/training/stop', { now: true });
  expect(stopping.body).toMatchObject({ acted: false, state: 'stopping' });
  expect(stopping.body.text).toMatch(/^Waiting to save: .*more are needed.*--discard$/);
  const { unsaved } = await engine.status();
  const given = await engine.post<Controlled>('/training/stop', { now: true, discard: true });
  expect(given.body).toMatchObject({ acted: true, state: 'stopped' });
  const lost = (unsaved?.step ?? 0) - (unsaved?.saved_step ?? 0);
  expect(given.body.text).toContain(`${lost} steps after step ${unsaved?.saved_step ?? ''}`);
  const again = await engine.post<{ code: string }>('/training/stop', { now: true, discard: true });
  expect(again).toMatchObject({ status: 409, body: { code: 'NOT_READY' } });
}, 300_000);

/** Not one byte is left: no command file, no queue.json, no journal line. */
function fillCompletely(): void {
  const { bavail, bsize } = statfsSync(engine.workspace);
  writeFileSync(filler(), Buffer.alloc(bavail * bsize));
}

interface Refused {
  readonly code: string;
  readonly message: string;
}

test('issue 11, 4: on a disk without a byte left, orders are obeyed, and everything else refuses as DISK_FULL', async ({
  skip,
}) => {
  if (!isMounted) skip('no small file system can be mounted here');
  await engine.configure({ ...PLAIN_TRAINING, batch_size: 8, epochs: 20, save_steps: 10 });
  await engine.start();
  await engine.base('starter');
  await engine.add([await engine.file('rows.jsonl', questions(700, 11))]);
  const other = await engine.file('other.jsonl', questions(40, 12));
  await until(
    'a saved step',
    async () => ((await engine.status()).last_checkpoint_step ?? 0) >= 10,
  );
  fillCompletely();
  const paused = await engine.post<Controlled>('/training/pause');
  expect(paused).toMatchObject({ status: 200, body: { acted: true, state: 'paused' } });
  expect(paused.body.text).toContain("isn't saved and is lost if the engine restarts: The disk is");
  const asked: readonly (readonly [string, unknown])[] = [
    ['/config', { key: 'watchdog.restart_limit', value: 7 }],
    ['/versions', { description: 'full' }],
    ['/backups', { reason: 'full' }],
  ];
  for (const [route, body] of asked) {
    const answer = await engine.post<Refused>(route, body);
    expect([route, answer.status, answer.body.code]).toEqual([route, 507, 'DISK_FULL']);
  }
  const added = await engine.post<{ added: unknown[]; refused: Refused[] }>('/queue/add', {
    paths: [other],
    priority: 'normal',
  });
  expect(added.body.added).toEqual([]);
  expect(added.body.refused[0]?.message).toMatch(
    /^Not enough disk space for the copy of other.jsonl: /,
  );
  expect((await engine.config()).values.watchdog.restart_limit).not.toBe(7);
  const plan = await engine.post<Refused>('/restore/plan', {
    source: { kind: 'checkpoint', branch: 'main', step: 10 },
  });
  expect(plan.status).not.toBe(500);
  expect((await engine.get('/notices')).status).toBe(200);
  const health = (await engine.get<{ id: string; state: string }[]>('/health')).body;
  expect(health.find(({ id }) => id === 'disk')?.state).toBe('fail');
  const resumed = await engine.post<Controlled>('/training/resume');
  expect(resumed).toMatchObject({ status: 200, body: { acted: true } });
  expect((await engine.post('/training/skip')).status).toBe(200);
  const stopping = await engine.post<Controlled>('/training/stop', { now: true });
  expect(stopping.status).toBe(200);
  rmSync(filler());
  await until('stopped', async () => (await engine.status()).state === 'stopped', 60);
  // Nothing was written before the disk was full, so the file may not exist yet.
  const state = path.join(engine.workspace, 'data/queue.json');
  await until(
    'the written state',
    () => existsSync(state) && readFileSync(state, 'utf8').includes('stopped'),
    60,
  );
}, 400_000);

/** Starts an engine that is expected to end at once. */
function startAlone(): { readonly status: number | null; readonly stderr: string } {
  const { status, stderr } = spawnSync(node, [engineEntry, '--workspace', engine.workspace], {
    env: engine.environment(),
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stderr };
}

test('issue 10, 21: an engine on a full or read-only disk ends with one sentence', ({ skip }) => {
  if (!isMounted) skip('no small file system can be mounted here');
  const { bavail, bsize } = statfsSync(engine.workspace);
  writeFileSync(filler(), Buffer.alloc(bavail * bsize));
  const full = startAlone();
  expect(full.status).toBe(3);
  expect(full.stderr).toMatch(/^The disk is full: couldn't write .*\. Free up space .*\.\n$/);
  execFileSync('mount', ['-o', 'remount,ro', engine.workspace]);
  const readOnly = startAlone();
  expect(readOnly.status).toBe(3);
  expect(readOnly.stderr).toMatch(/^Can't write to the workspace .* \(EROFS\)\. Choose .*\.\n$/);
}, 90_000);
