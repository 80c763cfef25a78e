/** The trainer with real processes: launched, adopted, killed, suspended and restarted. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { WorkerRequest } from '../../src-main/formats/index.ts';
import { identityOf, isAlive } from '../../src-main/kit/index.ts';
import { TrainerAlone } from './fixtures/trainer-alone.ts';
import { until } from './fixtures/workspace.ts';

let w: TrainerAlone;
beforeEach(async () => {
  w = new TrainerAlone();
  await w.open();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await w.end();
});
const slow = { step_seconds: 0.03 };
const step = (at: number): Promise<number> =>
  until(`step ${at}`, () => {
    const now = w.trainer.view().heartbeat?.step ?? 0;
    return now >= at ? now : null;
  });
const ended = () => until('an outcome', () => w.outcome);
const pidNow = (): number => w.trainer.view().pid ?? -1;
const everyRowOnce = (rows: number): void => {
  const trained = w.trained();
  expect(trained.size).toBe(rows);
  expect([...trained.values()].every((count) => count === 1)).toBe(true);
};

test('a pass is launched in its own process group, with a filtered environment and files instead of pipes', async () => {
  vi.stubEnv('A_SECRET', 'hidden');
  w.setBehavior(slow);
  w.trainer.train(w.request(40));
  await step(3);
  await until('its started event', () => w.trainer.view().device === 'cpu');
  const pid = pidNow();
  expect(w.trainer.view()).toMatchObject({ alive: true, recovering: null });
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  expect(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]), 'leads its group').toBe(pid);
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
  expect(environment).toContain('GOMP_SPINCOUNT=2000');
  expect(environment).not.toContain('A_SECRET');
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain(w.paths.run(w.runs()[0]!));
  expect(await ended()).toMatchObject({ kind: 'completed', step: 40, stepsDone: 40, pass: 'p-1' });
  expect(w.trainer.view()).toMatchObject({ run: null, pid: null, alive: false });
  everyRowOnce(160);
});

test('kill -9: training resumes from the newest checkpoint, reports lost steps, and trains every row once', async () => {
  w.setBehavior(slow);
  w.trainer.train(w.request(60));
  await step(12);
  const before = pidNow();
  process.kill(before, 'SIGKILL');
  await until('restarted', () => w.of('restarted').length > 0);
  expect(pidNow()).not.toBe(before);
  expect(w.of('crashed')[0]).toMatchObject({ category: 'killed_by_signal', attempt: 1 });
  expect(w.of('crashed')[0]!.resumes_from).toBeGreaterThanOrEqual(10);
  expect(w.of('restarted')[0]!.step).toBe(w.of('crashed')[0]!.resumes_from);
  expect(await ended()).toMatchObject({ kind: 'completed', step: 60, stepsDone: 60 });
  expect(w.runs()).toHaveLength(2);
  everyRowOnce(240);
  const entries = w.journal.recent().map((line) => line.what);
  expect(entries).toEqual(expect.arrayContaining(['trainer.crashed', 'trainer.restarted']));
  // The curve: every step once, in order, without the lost ones, and the recovery is marked.
  await until('the whole curve', () => w.metrics.latest().point?.step === 60);
  const curve = w.metrics.curves({
    keys: ['loss'],
    from: null,
    to: null,
    buckets: 500,
    smoothing: 0.6,
  });
  expect(curve.curves.loss!.map((bucket) => bucket[0])).toEqual(
    Array.from({ length: 60 }, (_, at) => at + 1),
  );
  expect(curve.markers.filter((marker) => marker.kind === 'recovery')).toHaveLength(1);
});

describe('the engine exits, the trainer keeps running', () => {
  test.each([
    ['by its lock', false],
    ['by process.json of its run, when it has no lock yet', true],
  ])('and is adopted %s under the same pid', async (_name, withoutLock) => {
    w.setBehavior(slow);
    const request = w.request(80);
    w.trainer.train(request);
    await step(7);
    const before = pidNow();
    await w.close();
    expect(identityOf(before)).not.toBeNull();
    if (withoutLock) rmSync(w.paths.trainerLock);
    await w.open();
    expect(await w.trainer.adopt()).toEqual(request);
    expect(w.trainer.view()).toMatchObject({ pid: before, alive: true });
    expect(await ended()).toMatchObject({ kind: 'completed', step: 80, stepsDone: 80 });
    expect(w.runs()).toHaveLength(1);
    everyRowOnce(320);
  });

  test('an adopted trainer that is killed is restarted as well', async () => {
    w.setBehavior(slow);
    w.trainer.train(w.request(60));
    await step(7);
    await w.close();
    await w.open();
    await w.trainer.adopt();
    process.kill(pidNow(), 'SIGKILL');
    await until('crashed', () => w.of('crashed').length > 0);
    expect(w.of('crashed')[0]).toMatchObject({ category: 'killed_by_signal' });
    expect(await ended()).toMatchObject({ kind: 'completed', step: 60 });
    everyRowOnce(240);
  });

  test('a trainer that is gone is not adopted', async () => {
    w.setBehavior(slow);
    w.trainer.train(w.request(60));
    await step(3);
    await w.close();
    process.kill(pidNow(), 'SIGKILL');
    await until('gone', () => identityOf(pidNow()) === null);
    await w.open();
    expect(existsSync(w.paths.trainerLock), 'the stale lock is there').toBe(true);
    expect(await w.trainer.adopt()).toBeNull();
    expect(w.trainer.view()).toMatchObject({ alive: false, pid: null, heartbeat: null });
  });
});

test('a suspended trainer is suspected, killed and replaced', async () => {
  w.setBehavior(slow);
  w.trainer.train(w.request(400));
  await until('enough heartbeats', () => (w.trainer.view().heartbeat?.step ?? 0) > 200);
  const who = identityOf(pidNow())!;
  process.kill(who.pid, 'SIGSTOP');
  await until('killed', () => w.of('hang_killed').length > 0);
  await until('restarted', () => w.of('restarted').length > 0);
  expect(isAlive(who)).toBe(false);
  expect(w.of('hang_suspected')).toHaveLength(1);
  expect(w.of('hang_killed')).toHaveLength(1);
  expect(w.of('hang_killed')[0]).toMatchObject({ phase: 'step' });
  expect(w.of('crashed')[0]).toMatchObject({ category: 'hang' });
  expect(await ended()).toMatchObject({ kind: 'completed', step: 400 });
  everyRowOnce(1600);
});

describe('a trainer that fails at once', () => {
  test('is restarted up to the limit', async () => {
    w.setBehavior({ fail: { category: 'worker_died', message: 'gone' } });
    w.trainer.train(w.request(10));
    expect(await ended()).toMatchObject({
      kind: 'gave_up',
      category: 'worker_died',
      infrastructure: false,
    });
    expect(w.of('crashed').map((event) => event.attempt)).toEqual([1, 2, 3, 3]);
    expect(w.runs()).toHaveLength(4);
  });
  test('a busy device is waited for, with its holder named, and the dataset is not to blame', async () => {
    w.setBehavior({
      fail: { category: 'device_busy', message: 'cpu is held by pid 77 of /other' },
    });
    w.trainer.train(w.request(10));
    const outcome = await ended();
    expect(outcome).toMatchObject({
      kind: 'gave_up',
      category: 'device_busy',
      infrastructure: true,
    });
    expect(outcome).toHaveProperty('message', expect.stringContaining('pid 77 of /other'));
    expect(w.of('crashed')).toEqual([]);
    expect(w.runs()).toHaveLength(1);
  });
  test('rows that fail twice at the same position end the dataset', async () => {
    w.setBehavior({ fail: { category: 'template_error', message: 'row 5' } });
    w.trainer.train(w.request(10));
    expect(await ended()).toMatchObject({
      kind: 'gave_up',
      category: 'template_error',
      infrastructure: false,
    });
    expect(w.runs()).toHaveLength(2);
  });
  test('a Python that cannot be started is a failure of the machine', async () => {
    w.executable = '/nowhere/python';
    w.trainer.train(w.request(10));
    expect(await ended()).toMatchObject({
      kind: 'gave_up',
      category: 'import_error',
      infrastructure: true,
    });
  });
});

describe('commands', () => {
  test('pause and resume in the same process; stop saves', async () => {
    w.setBehavior(slow);
    w.trainer.train(w.request(200));
    await step(3);
    await w.trainer.command('pause');
    expect(w.trainer.view().pending?.verb).toBe('pause');
    await until('paused', () => w.trainer.view().heartbeat?.phase === 'paused');
    await until('acknowledged', () => w.trainer.view().pending === null);
    const [pid, at] = [pidNow(), w.trainer.view().heartbeat!.step!];
    await w.trainer.command('resume');
    await step(at + 3);
    expect(pidNow()).toBe(pid);
    await w.trainer.command('stop-now');
    const stopped = await ended();
    expect(stopped.kind).toBe('stopped');
    w.trainer.train({ ...w.request(200) });
    w.outcome = null;
    await until('resumed', () => w.of('resumed').length === 2);
    expect(w.of('resumed')[1]!.step).toBe(stopped.step);
  });

  test('a pause during the delay before a restart takes effect at once', async () => {
    w.setBehavior({ fail: { category: 'worker_died', message: 'gone' } });
    w.trainer.train(w.request(10));
    await until('waiting', () => w.trainer.view().recovering !== null && !w.trainer.view().alive);
    await w.trainer.command('pause');
    expect(w.outcome).toMatchObject({ kind: 'paused' });
    const count = w.runs().length;
    await w.settled();
    expect(w.runs()).toHaveLength(count);
  });

  test('a trainer that is killed while paused stays paused, and resumes where it stopped', async () => {
    w.setBehavior(slow);
    w.trainer.train(w.request(40));
    await step(7);
    await w.trainer.command('pause');
    await until('paused', () => w.trainer.view().heartbeat?.phase === 'paused');
    process.kill(pidNow(), 'SIGKILL');
    expect(await ended()).toMatchObject({ kind: 'paused', stepsDone: null });
    expect(w.of('crashed')).toHaveLength(1);
    await w.settled();
    expect(w.runs(), 'a paused pass is not restarted').toHaveLength(1);
    w.outcome = null;
    w.trainer.train(w.request(40));
    expect(await ended()).toMatchObject({ kind: 'completed', step: 40 });
    everyRowOnce(160);
  });

  test('a trainer that is killed while stopping counts as stopped', async () => {
    w.setBehavior({ ...slow, deaf: true });
    w.trainer.train(w.request(400));
    await step(7);
    await w.trainer.command('stop-now');
    process.kill(pidNow(), 'SIGKILL');
    expect(await ended()).toMatchObject({ kind: 'stopped' });
    await w.settled();
    expect(w.runs()).toHaveLength(1);
  });

  test('a stop during the launch leaves no process behind, and the next pass begins', async () => {
    w.setBehavior(slow);
    w.trainer.train(w.request(100));
    await w.trainer.command('stop-now');
    expect(w.outcome).toMatchObject({ kind: 'stopped', stepsDone: null });
    w.outcome = null;
    w.trainer.train(w.request(20));
    expect(await ended()).toMatchObject({ kind: 'completed', step: 20 });
    const read = (run: string, file: string) =>
      JSON.parse(readFileSync(path.join(w.paths.run(run), file), 'utf8')) as Record<
        string,
        unknown
      >;
    const stopped = w.runs().filter((run) => read(run, 'exit.json')['outcome'] === 'stopped');
    expect(stopped).toHaveLength(1);
    expect(read(stopped[0]!, 'exit.json')).toMatchObject({ step: null });
    const pid = Number(read(stopped[0]!, 'process.json')['pid']);
    expect(identityOf(pid)).toBeNull();
    const entry = w.journal.recent().find(({ evidence }) => evidence['overtaken'] === 'stopped');
    expect(entry).toMatchObject({ what: 'trainer.launch', evidence: { pid } });
    everyRowOnce(80);
  });

  test('the emergency kill returns when the process is gone', async () => {
    w.setBehavior(slow);
    w.trainer.train(w.request(400));
    await step(3);
    const who = identityOf(pidNow())!;
    await w.trainer.kill('the test');
    expect(isAlive(who)).toBe(false);
    expect((await ended()).kind).toBe('stopped');
    expect(w.runs()).toHaveLength(1);
  });
});

describe('workers', () => {
  const request = () => ({
    base: { id: 'starter' as const, folder: w.paths.base('starter'), seed: 0 },
  });
  test('complete and report their progress', async () => {
    const types: string[] = [];
    const result = await w.trainer.work('base', request(), {
      onEvent: (event) => types.push(event.type),
    });
    expect(result).toMatchObject({ ok: true, exit: { outcome: 'completed' } });
    expect(types).toEqual(['progress']);
    expect(existsSync(path.join(w.paths.base('starter'), 'base.json'))).toBe(true);
  });
  test('a failure has a category and a message', async () => {
    w.setBehavior({ fail_base: true });
    expect(await w.trainer.work('base', request())).toMatchObject({
      ok: false,
      category: 'model_not_found',
      message: 'there is no such model',
    });
  });
  test('a crash has the last lines of the log', async () => {
    const result = await w.trainer.work('sample', {} as WorkerRequest<'sample'>);
    expect(result).toMatchObject({ ok: false, category: 'unknown' });
    expect(result).toHaveProperty('log', expect.stringContaining("KeyError: 'sample'"));
  });
  test('an abort ends the process', async () => {
    w.setBehavior({ intake_seconds: 60 });
    const abort = new AbortController();
    const file = path.join(w.root, 'fake-trainer.json');
    const working = w.trainer.work(
      'intake',
      {
        dataset: { folder: w.root, path: file },
        options: {},
        base: { folder: '' },
      } as WorkerRequest<'intake'>,
      { signal: abort.signal, onEvent: () => abort.abort() },
    );
    expect(await working).toMatchObject({ ok: false, category: 'canceled' });
    const lines = readFileSync(path.join(w.paths.run(w.runs()[0]!), 'heartbeat'), 'utf8');
    await until('gone', () => identityOf((JSON.parse(lines) as { pid: number }).pid) === null);
  });
});
