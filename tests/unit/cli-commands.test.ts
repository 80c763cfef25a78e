/**
 * The command line with the scripted engine behind the real server, and with workspace files only.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { runCommandLine } from '../../src-main/cli/index.ts';
import { CONTRACT_VERSION, type Refusal } from '../../src-main/contract/index.ts';
import { ownIdentity } from '../../src-main/kit/identity.ts';
import { statusOf } from '../contract/scenes/status.ts';
import { startScriptedServer, type ScriptedServer } from '../contract/scripted-server.ts';
import type { Scene } from '../contract/scenes/index.ts';

let workspace: string;
let server: ScriptedServer | null;
const now = Date.now() / 1000;

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'nightshift-cli-'));
  server = null;
});
afterEach(async () => {
  await server?.close();
  await rm(workspace, { recursive: true, force: true });
});

async function withEngine(
  contract: number = CONTRACT_VERSION,
  scene: Scene = 'training',
): Promise<ScriptedServer> {
  server = await startScriptedServer({ uiFolder: null, scene });
  const lock = { format: 1, ...ownIdentity(), port: server.port, contract, t: now };
  await writeFile(join(workspace, '.engine.lock'), JSON.stringify(lock));
  await writeFile(join(workspace, '.engine.token'), `${server.token}\n`);
  return server;
}

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function nightshift(...args: string[]): Promise<Result> {
  return nightshiftUntil(new AbortController().signal, args);
}

async function nightshiftUntil(
  signal: AbortSignal,
  args: readonly string[],
  onText: (text: string) => void = () => undefined,
): Promise<Result> {
  let out = '';
  let err = '';
  const print = (text: string): void => {
    out += text;
    onText(out);
  };
  const code = await runCommandLine(args, {
    terminal: {
      out: print,
      error: (text) => (err += text),
      interactive: false,
      ask: () => Promise.resolve(null),
    },
    environment: { NIGHTSHIFT_WORKSPACE: workspace },
    now: () => now,
    signal,
    version: '0.0.0',
  });
  return { code, out, err };
}

const json = (result: Result): unknown => JSON.parse(result.out);

describe('with an engine', () => {
  test('status as text and as JSON', async () => {
    await withEngine();
    const text = await nightshift('status');
    expect(text.code).toBe(0);
    expect(text.out).toContain('training for');
    expect(text.out).toContain('gsm8k_train.jsonl');
    expect(json(await nightshift('status', '--json'))).toMatchObject({
      format: 1,
      state: 'training',
    });
  });

  test('status --watch prints a line per change until Ctrl-C', async () => {
    const { engine } = await withEngine();
    const interrupt = new AbortController();
    let lines = 0;
    const watched = nightshiftUntil(interrupt.signal, ['status', '--watch', '--json'], (text) => {
      lines = text.split('\n').length - 1;
    });
    await expect.poll(() => lines).toBe(1);
    engine.advance(1);
    engine.advance(1);
    await expect.poll(() => lines).toBe(3);
    interrupt.abort();
    const { code, out } = await watched;
    expect(code).toBe(0);
    const steps = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { current_step: number }).current_step);
    expect(steps).toEqual([1240, 1241, 1242]);
  });

  test.each([
    [['pause'], 'training.pause', { by: 'you (command line)' }],
    [['resume'], 'training.resume', { by: 'you (command line)' }],
    [['stop'], 'training.stop', { now: false, discard: false, by: 'you (command line)' }],
    [['stop', '--now'], 'training.stop', { now: true, discard: false, by: 'you (command line)' }],
    [
      ['stop', '--discard'],
      'training.stop',
      { now: false, discard: true, by: 'you (command line)' },
    ],
    [['skip'], 'training.skip', { by: 'you (command line)' }],
    [
      ['queue', 'set-priority', 'banking77_train.csv', 'high'],
      'queue.move',
      { id: 'd-banking', priority: 'high', before: null },
    ],
    [
      ['queue', 'move', 'd-long', '--before', 'd-banking'],
      'queue.move',
      { id: 'd-long', priority: 'normal', before: 'd-banking' },
    ],
    [['queue', 'hold', 'd-long'], 'queue.hold', { id: 'd-long', held: true }],
    [['queue', 'hold', 'd-held', '--off'], 'queue.hold', { id: 'd-held', held: false }],
    [['queue', 'retry', 'd-empty'], 'queue.retry', { id: 'd-empty' }],
    [['queue', 'remove', 'd-long'], 'queue.remove', { id: 'd-long' }],
    [['queue', 'cancel', 'd-long'], 'queue.remove', { id: 'd-long' }],
    [['base', 'cancel'], 'setup.cancel', undefined],
    [
      ['queue', 'add', '/data/a.jsonl', '/data/b.jsonl', '--priority', 'high'],
      'queue.add',
      { paths: ['/data/a.jsonl', '/data/b.jsonl'], priority: 'high' },
    ],
    [
      ['config', 'set', 'keep_checkpoints', '5'],
      'config.set',
      { key: 'keep_checkpoints', value: 5, confirm: null, stage: false, by: 'you (command line)' },
    ],
    [['journal', '--limit', '2'], 'journal.read', { limit: 2 }],
    [['previews', '--limit', '2'], 'metrics.previews', { limit: 2 }],
    [['queue', 'sample'], 'setup.sample', { shuffled: false }],
    [['notices', 'dismiss', 'n-1'], 'notices.dismiss', { id: 'n-1' }],
    [['validate', '/data/a.jsonl'], 'datasets.validate', { path: '/data/a.jsonl' }],
  ])('%j calls %s', async (args, path, input) => {
    const { engine } = await withEngine();
    const result = await nightshift(...args, '--json');
    expect(result.code, result.err).toBe(0);
    expect(() => json(result)).not.toThrow();
    expect(engine.calls).toContainEqual({ path, input });
  });

  test('every read command prints text and JSON', async () => {
    await withEngine();
    for (const args of [
      ['queue', 'list'],
      ['queue', 'status'],
      ['queue', 'show', 'd-gsm8k-train'],
      ['queue', 'show', 'd-sample', '--rows'],
      ['versions', 'list'],
      ['base', 'list'],
      ['journal'],
      ['machine'],
      ['previews'],
      ['config', 'show'],
      ['config', 'get', 'watchdog.restart_limit'],
    ]) {
      const text = await nightshift(...args);
      expect([args, text.code, text.err]).toEqual([args, 0, '']);
      expect(text.out.length).toBeGreaterThan(0);
      // A single number is the same as text and as JSON.
      if (args[1] !== 'get') expect(() => json(text), args.join(' ')).toThrow();
      const machine = await nightshift(...args, '--json');
      expect(machine.out.trim().split('\n')).toHaveLength(1);
      expect(() => json(machine)).not.toThrow();
    }
  });

  test('versions list shows at which step the metrics were evaluated', async () => {
    await withEngine();
    const { out } = await nightshift('versions', 'list');
    const [head, newest, older] = out.split('\n');
    expect(head).toContain('evaluated at step');
    expect(newest).toMatch(/v002_faq\s+1.180\s+0\.187\s+1.180, bf16 weights\s+20 of 20/);
    expect(older).toMatch(/v001_sample\s+1.100\s+0\.211\s+19 of 20/);
  });

  test('versions answers lists wrong answers first; two versions are side by side', async () => {
    await withEngine();
    const { code, out } = await nightshift('versions', 'answers', 'v002');
    const lines = out.split('\n');
    expect([code, lines[0]]).toEqual([0, expect.stringMatching(/^v002_faq: .* 1 of 3 match$/)]);
    expect(lines.slice(3, 6).map((line) => line.split(' ')[0])).toEqual([
      ...['wrong', 'wrong', 'matches'],
    ]);
    const both = await nightshift('versions', 'answers', 'v002', 'v001');
    expect(both.out).toBe('v001_sample: No answers were generated at step 1100.\n');
    const several = await nightshift('versions', 'answers', 'v00');
    expect(several.code).toBe(3);
    expect(several.err).toContain('Type more of it: v002_faq, v001_sample.');
    expect((await nightshift('versions', 'answers', 'v9')).err).toContain(
      'There is no version v9.',
    );
  });

  test('queue evaluations lists the evaluations of a dataset, and the answers of one', async () => {
    await withEngine();
    const list = await nightshift('queue', 'evaluations', 'd-gsm8k-train');
    expect(list.out).toMatch(/1.200\s+main\s+interval\s+1 of 3 match, 1 unfinished/);
    const answers = await nightshift('queue', 'evaluations', 'd-gsm8k-train', '1200');
    expect(answers.out).toMatch(/wrong +1[^]*unfinished +3[^]*matches +2/);
    const machine = json(await nightshift('queue', 'evaluations', 'd-gsm8k-train', '--json'));
    expect(machine).toMatchObject([
      { step: 1200, k: 1, n: 3, unfinished: 1 },
      { step: 1100, k: 0 },
    ]);
    const none = await nightshift('queue', 'evaluations', 'd-gsm8k-train', '7');
    expect(none.code).not.toBe(0);
  });

  test('queue show --rows lists every row of the file', async () => {
    await withEngine();
    const { rows, account } = json(
      await nightshift('queue', 'show', 'd-sample', '--rows', '--json'),
    ) as {
      rows: unknown[];
      account: { rows: number };
    };
    expect(rows).toHaveLength(account.rows);
  });

  test('a locked setting is refused with exit code 3, the reason and what to do', async () => {
    await withEngine();
    const refused = await nightshift('config', 'set', 'batch_size', '8');
    expect(refused.code).toBe(3);
    expect(refused.err).toContain('Refused (LOCKED): batch_size is locked');
    expect(refused.err).toContain('Next: ');
    const staged = await nightshift('config', 'set', 'batch_size', '8', '--stage');
    expect([staged.code, staged.out]).toEqual([
      0,
      'batch_size changes to 8 with the next dataset.\n',
    ]);
  });

  test('a setting with side effects requires confirmation', async () => {
    const { engine } = await withEngine();
    engine.play('idle');
    const refused = await nightshift('config', 'set', 'max_length', '1024', '--json');
    expect(refused.code).toBe(3);
    expect(json(refused)).toMatchObject({
      error: 'NEEDS_CONFIRMATION',
      facts: { confirm: 'max_length' },
    });
    const done = await nightshift('config', 'set', 'max_length', '1024', '--confirm', 'max_length');
    expect(done.code).toBe(0);
  });

  test('restore prints the plan and exits with 3 until its name is confirmed', async () => {
    const { engine } = await withEngine();
    const before = engine.rooms().lineage.head;
    const planned = await nightshift('versions', 'restore', 'v001_sample');
    expect(planned.code).toBe(3);
    expect(planned.out).toContain('v001_sample');
    expect(planned.out).toMatch(/discards .*\n(.*\n)*.*optimizer .*\n(.*\n)*.*undo /);
    expect(planned.err).toContain('--confirm v001_sample');
    expect((await nightshift('versions', 'restore', 'v001_sample', '--plan')).code).toBe(0);
    const wrong = await nightshift('versions', 'restore', 'v001_sample', '--confirm', 'v001');
    expect(wrong.code).toBe(3);
    expect(engine.rooms().lineage.head).toBe(before);
    const done = await nightshift(
      'versions',
      'restore',
      'v001_sample',
      '--queue-again',
      '--confirm',
      'v001_sample',
      '--json',
    );
    expect(done.code).toBe(0);
    expect(json(done)).toMatchObject({ branch: engine.rooms().lineage.head });
    expect(engine.rooms().lineage.head).not.toBe(before);
    expect((await nightshift('queue', 'undo', 'nothing')).code).toBe(3);
    expect((await nightshift('queue', 'take-back', 'nothing')).code).toBe(3);
    expect((await nightshift('versions', 'restore', 'v099_x')).code).toBe(3);
  });

  test('refused files exit with 3; the other files are added', async () => {
    await withEngine();
    const result = await nightshift('queue', 'add', '/data/a.jsonl', '/data/missing.jsonl');
    expect(result.code).toBe(3);
    expect(result.out).toContain('added    a.jsonl');
    expect(result.out).toContain('refused  /data/missing.jsonl: There is no file');
  });

  test('an unknown dataset exits with 3, an engine failure with 1', async () => {
    const { engine } = await withEngine();
    expect((await nightshift('queue', 'hold', 'nothing.jsonl')).code).toBe(3);
    engine.refuseNext('status.get', new Error('a bug') as unknown as Refusal);
    const failed = await nightshift('status');
    expect(failed.code).toBe(1);
    expect(failed.err).toContain('Failed: ');
  });

  test('validate without a file lists queued files; max_length is raised only when confirmed, and staged while locked', async () => {
    const { engine } = await withEngine();
    const set = () => engine.calls.filter(({ path }) => path === 'config.set');
    const listed = await nightshift('validate');
    expect(listed.code).toBe(3);
    expect(listed.out).toMatch(/too_long\.jsonl +refused +16,881 of 18,212 +1,331 +5,312/);
    expect(listed.out).not.toMatch(/sample\.jsonl|export_empty/);
    expect(set()).toEqual([]);
    const refused = await nightshift('validate', '--auto-adjust');
    expect([refused.code, refused.err.includes('--confirm max_length')]).toEqual([3, true]);
    expect(engine.rooms().config.staged).toEqual({});
    const staged = await nightshift('validate', '--auto-adjust', '--confirm', 'max_length');
    expect([staged.code, staged.err]).toEqual([0, '']);
    expect(staged.out).toMatch(/max_length changes from 4,096 to 5,312 with the next dataset/);
    expect(engine.rooms().config.staged).toEqual({ max_length: 5312 });
    expect(engine.calls.some(({ path }) => path === 'queue.retry')).toBe(false);
  });

  test('validate --auto-adjust on an idle engine applies immediately and retries files refused for their lengths', async () => {
    const { engine } = await withEngine(CONTRACT_VERSION, 'idle');
    const args = ['validate', '--auto-adjust', '--confirm', 'max_length', '--json'];
    const done = await nightshift(...args);
    expect(JSON.parse(done.out.trim().split('\n').at(-1) ?? '')).toEqual({
      adjustment: { key: 'max_length', before: 4096, after: 5312, staged: false },
    });
    expect(engine.rooms().config.values.max_length).toBe(5312);
    expect(engine.calls).toContainEqual({ path: 'queue.retry', input: { id: 'd-too-long' } });
  });

  test('token prints only the token to stdout; the link works once', async () => {
    const { token } = await withEngine();
    const result = await nightshift('token');
    expect(result.out).toBe(`${token}\n`);
    const link = /http:\S+/.exec(result.err)?.[0] ?? '';
    expect((await fetch(link, { redirect: 'manual' })).status).toBe(303);
    expect((await fetch(link, { redirect: 'manual' })).status).toBe(401);
  });

  test('refuses to use an engine of another contract version', async () => {
    await withEngine(CONTRACT_VERSION + 1);
    const result = await nightshift('queue', 'status');
    expect(result.code).toBe(1);
    expect(result.err).toContain(`uses contract version ${String(CONTRACT_VERSION + 1)}`);
  });
});

describe('without an engine', () => {
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(join(workspace, path, '..'), { recursive: true });
    await writeFile(join(workspace, path), text);
  };

  test('commands that need an engine exit with 4', async () => {
    for (const args of [
      ['pause'],
      ['queue', 'add', 'a.jsonl'],
      ['config', 'set', 'seed', '1'],
      ['status', '--watch'],
    ]) {
      const result = await nightshift(...args);
      expect([args, result.code]).toEqual([args, 4]);
      expect(result.err).toContain('nightshift serve');
    }
  });

  test('an engine that exits before it responds is reported with exit code 4', async () => {
    const dying = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    dying.on('connection', (socket) => {
      socket.once('message', () => {
        socket.terminate();
      });
    });
    await new Promise((resolve) => dying.once('listening', resolve));
    const { port } = dying.address() as { port: number };
    const lock = { format: 1, ...ownIdentity(), port, contract: CONTRACT_VERSION, t: now };
    await write('.engine.lock', JSON.stringify(lock));
    const result = await nightshift('versions', 'pin', 'v001_a');
    dying.close();
    expect(result.code).toBe(4);
    expect(result.err).toContain('The engine exited before it responded');
  });

  test('the lock of a dead process does not count as an engine', async () => {
    const dead = { format: 1, ...ownIdentity(), start: '1:00000000', port: 1, t: now };
    await write('.engine.lock', JSON.stringify(dead));
    expect((await nightshift('queue', 'status')).code).toBe(4);
  });

  test('status reports the last known values with their age, not a live state', async () => {
    const known = { ...statusOf(now - 90, 'training', 1240), updated_at: now - 90 };
    await write('status/training_status.json', JSON.stringify(known));
    const dead = { format: 1, ...ownIdentity(), start: '1:00000000', run: 'r-1', t: now };
    await write('.trainer.lock', JSON.stringify(dead));
    const text = await nightshift('status');
    expect(text.code).toBe(4);
    expect(text.out).not.toContain('training');
    expect(text.out).toContain('No trainer is running');
    expect(text.out).toContain('Last known, 2 min ago');
    expect(text.out).toContain('step 1,240');
    const machine = await nightshift('status', '--json');
    expect(machine.out).not.toContain('"training"');
    expect(json(machine)).toMatchObject({
      state: 'not_running',
      trainer: { alive: false },
      last_known: { step: 1240, age_s: 90 },
    });
  });

  test('reports a trainer that is still running without an engine', async () => {
    const own = ownIdentity();
    await write('.trainer.lock', JSON.stringify({ format: 1, ...own, run: 'r-1', t: now }));
    await write(
      'runs/r-1/heartbeat',
      JSON.stringify({ format: 1, ...own, phase: 'step', t: now - 2 }),
    );
    const text = await nightshift('status');
    expect(text.out).toContain(
      `A trainer (pid ${String(own.pid)}) is still running without an engine`,
    );
    expect(text.out).toContain('2.0 s ago');
  });

  test('queue list, versions, journal and config read the workspace files', async () => {
    await write('queue/high/a.jsonl', '{}\n');
    await write('queue/completed/b.jsonl', '{}\n');
    await write(
      'journal/202611.jsonl',
      `${JSON.stringify({ id: 'j', t: now, what: 'a.b', text: 'Something was decided.', step: null, dataset: null, evidence: {} })}\nbroken`,
    );
    await write(
      'config.json',
      JSON.stringify({ format: 1, watchdog: { restart_limit: 7 }, 'hang.train_minutes': 20 }),
    );
    expect(json(await nightshift('queue', 'list', '--json'))).toMatchObject({
      engine: null,
      files: [
        { priority: 'high', name: 'a.jsonl' },
        { place: 'completed', name: 'b.jsonl' },
      ],
    });
    expect((await nightshift('versions', 'list')).out).toBe('No versions yet.\n');
    expect((await nightshift('journal')).out).toContain('Something was decided.');
    expect((await nightshift('config', 'get', 'watchdog.restart_limit')).out).toBe('7\n');
    expect((await nightshift('config', 'get', 'hang.train_minutes')).out).toBe('20\n');
    expect((await nightshift('config', 'get', 'hang.eval_minutes')).out).toBe('30\n');
  });

  test('an invalid config.json is reported with its name', async () => {
    await write('config.json', '{ "seed": ');
    const result = await nightshift('config', 'show');
    expect(result.code).toBe(1);
    expect(result.err).toContain('config.json');
  });
});

describe('usage', () => {
  test('unknown commands, options and values exit with 2', async () => {
    for (const args of [
      ['nothing'],
      ['status', '--nothing'],
      ['queue', 'set-priority', 'a', 'urgent'],
      ['journal', '--limit', '0'],
      ['config', 'get', 'nothing'],
    ])
      expect([args, (await nightshift(...args)).code]).toEqual([args, 2]);
  });

  test('help and version exit with 0; help lists the exit codes', async () => {
    const help = await nightshift('--help');
    expect(help.code).toBe(0);
    expect(help.out).toContain('no engine is running for the workspace');
    expect((await nightshift('--version')).out).toBe('0.0.0\n');
  });

  test('--base-dir is an alias of --workspace', async () => {
    const other = await mkdtemp(join(tmpdir(), 'nightshift-cli-'));
    const result = await nightshift('status', '--base-dir', other);
    expect(result.out).toContain(`No engine is running for ${other}.`);
    await rm(other, { recursive: true });
  });
});
