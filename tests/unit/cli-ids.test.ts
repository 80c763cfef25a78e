/** Beginnings of ids, questions on a terminal, and crashes without an engine. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../src-main/cli/index.ts';
import { CONTRACT_VERSION, matchesOf, Refusal, resolveId } from '../../src-main/contract/index.ts';
import { ownIdentity } from '../../src-main/kit/identity.ts';
import { startScriptedServer, type ScriptedServer } from '../contract/scripted-server.ts';

describe('what was typed for an id', () => {
  const known = [
    { id: 'd-20261201-034107-7f3a', names: ['a.jsonl'] },
    { id: 'd-20261201-034107-7b00', names: ['b.jsonl'] },
    { id: 'v001_sample' },
    { id: 'v010_faq' },
    { id: 'manual/20261130-120000' },
  ];
  test.each([
    ['7f3a', ['d-20261201-034107-7f3a']],
    ['7f', ['d-20261201-034107-7f3a']],
    ['7', ['d-20261201-034107-7f3a', 'd-20261201-034107-7b00']],
    ['b.jsonl', ['d-20261201-034107-7b00']],
    ['a.j', ['d-20261201-034107-7f3a']],
    ['1', ['v001_sample']],
    ['v1', ['v001_sample']],
    ['v001', ['v001_sample']],
    ['10', ['v010_faq']],
    ['v0', ['v001_sample', 'v010_faq']],
    ['faq', ['v010_faq']],
    ['man', ['manual/20261130-120000']],
    ['20261130', ['manual/20261130-120000']],
    ['nothing', []],
    ['', []],
  ])('%j means %j', (typed, ids) => {
    expect(matchesOf(typed, known).map(({ id }) => id)).toEqual(ids);
  });

  test('an exact match wins; several matches are listed', () => {
    const steps = ['1', '12', '120'].map((id) => ({ id }));
    expect(resolveId('12', steps, 'checkpoint')?.id).toBe('12');
    expect(() => resolveId('7', known, 'dataset')).toThrow('7 matches several datasets.');
    try {
      resolveId('7', known, 'dataset');
    } catch (error) {
      expect(error).toMatchObject({
        code: 'INVALID',
        data: {
          next: 'Type more of it: d-20261201-034107-7f3a (a.jsonl), d-20261201-034107-7b00 (b.jsonl).',
        },
      });
    }
  });
});

let workspace: string;
let server: ScriptedServer | null;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'nightshift-cli-'));
  server = null;
});
afterEach(async () => {
  await server?.close();
  await rm(workspace, { recursive: true, force: true });
});

async function withEngine(scene: 'training' | 'idle' = 'training'): Promise<ScriptedServer> {
  server = await startScriptedServer({ uiFolder: null, scene });
  const facts = { port: server.port, contract: CONTRACT_VERSION, t: 0 };
  const lock = { format: 1, ...ownIdentity(), ...facts };
  await writeFile(join(workspace, '.engine.lock'), JSON.stringify(lock));
  await writeFile(join(workspace, '.engine.token'), `${server.token}\n`);
  return server;
}

/** `answers`: what a user types; without any, there is no terminal. */
async function nightshift(args: readonly string[], answers: string[] | null = null) {
  let [out, err] = ['', ''];
  const questions: string[] = [];
  const code = await runCommandLine(args, {
    terminal: {
      out: (text) => (out += text),
      error: (text) => (err += text),
      interactive: answers !== null,
      canAsk: answers !== null,
      ask: (question) => {
        questions.push(question);
        return Promise.resolve(answers?.shift() ?? null);
      },
    },
    environment: { NIGHTSHIFT_WORKSPACE: workspace },
    now: () => 1_000_000,
    signal: new AbortController().signal,
    version: '0.0.0',
  });
  return { code, out, err, questions };
}

test.each([
  [['queue', 'remove', 'd-lo'], 'queue.remove', { id: 'd-long' }],
  [['queue', 'hold', 'd-lo'], 'queue.hold', { id: 'd-long', held: true }],
  [['queue', 'retry', 'emp'], 'queue.retry', { id: 'd-empty' }],
  [['queue', 'show', 'gsm8k_tr'], 'datasets.get', { id: 'd-gsm8k-train' }],
  [
    ['queue', 'move', 'd-lo', '--before', 'banking77_t'],
    'queue.move',
    { id: 'd-long', priority: 'normal', before: 'd-banking' },
  ],
  [['versions', 'pin', '1'], 'versions.pin', { name: 'v001_sample', pinned: true }],
  [['versions', 'verify', 'v2'], 'versions.verify', { name: 'v002_faq' }],
  [
    ['versions', 'restore', '1'],
    'restore.plan',
    { source: { kind: 'version', name: 'v001_sample' } },
  ],
  [['base', 'begin', 'smo'], 'restore.plan', { source: { kind: 'base', id: 'smollm2' } }],
  [
    ['checkpoints', 'restore', '1,180', '--branch', 'main'],
    'restore.plan',
    { source: { kind: 'checkpoint', branch: 'main', step: 1180 } },
  ],
] as const)('%j calls %s', async (args, path, input) => {
  const { engine } = await withEngine();
  await nightshift(args);
  expect(engine.calls, JSON.stringify(engine.calls)).toContainEqual({ path, input });
});

test('versions show takes a number; an ambiguous beginning lists what it could be', async () => {
  await withEngine();
  for (const typed of ['1', 'v1', 'v001', 'sample'])
    expect((await nightshift(['versions', 'show', typed])).out, typed).toContain('v001_sample');
  const several = await nightshift(['versions', 'show', 'v0', '--json']);
  expect(several.code).toBe(3);
  expect(JSON.parse(several.out)).toMatchObject({ error: 'INVALID', subject: 'v0' });
  expect(several.err).toMatch(/Type more of it: .*v001_sample/);
  expect((await nightshift(['checkpoints', 'restore', 'soon'])).code).toBe(2);
});

describe('on a terminal', () => {
  test('restore shows the plan and asks; no is the default', async () => {
    const { engine } = await withEngine();
    const head = engine.rooms().lineage.head;
    const no = await nightshift(['versions', 'restore', '1'], ['']);
    expect(no.code).toBe(3);
    expect(no.out).toContain('discards');
    expect(no.questions).toEqual(['Restore v001_sample? [y/N] ']);
    expect(engine.rooms().lineage.head).toBe(head);
    expect((await nightshift(['versions', 'restore', '1'], ['y'])).code).toBe(0);
    expect(engine.rooms().lineage.head).not.toBe(head);
  });

  test('--plan, --json and a wrong --confirm ask nothing', async () => {
    await withEngine();
    for (const [flags, code] of [
      [['--plan'], 0],
      [['--json'], 3],
      [['--confirm', 'v002'], 3],
    ] as const) {
      const answered = await nightshift(['versions', 'restore', 'v001_sample', ...flags], ['y']);
      expect([flags, answered.code, answered.questions]).toEqual([flags, code, []]);
    }
  });

  test('a setting with side effects and a deletion are confirmed', async () => {
    const { engine } = await withEngine('idle');
    const set = ['config', 'set', 'max_length', '1024'];
    expect((await nightshift(set, ['n'])).code).toBe(3);
    const done = await nightshift(set, ['yes']);
    expect([done.code, engine.rooms().config.values.max_length]).toEqual([0, 1024]);
    const consent = new Refusal('NEEDS_CONFIRMATION', 'It goes to the trash.', {
      next: 'To proceed: --confirm v001_sample',
      facts: { confirm: 'v001_sample', last_copy: 'no' },
    });
    engine.refuseNext('versions.remove', consent);
    const piped = await nightshift(['versions', 'delete', '1']);
    expect([piped.code, piped.err.includes('--confirm v001_sample')]).toEqual([3, true]);
    engine.refuseNext('versions.remove', consent);
    expect((await nightshift(['versions', 'delete', '1'], ['v001_sample'])).code).toBe(0);
    const removed = engine.calls.filter(({ path }) => path === 'versions.remove').at(-1);
    expect(removed?.input).toMatchObject({ name: 'v001_sample', confirm: 'v001_sample' });
  });

  test('a clean-up lists, then asks; in a pipe it needs --execute', async () => {
    const { engine } = await withEngine();
    const args = ['checkpoints', 'cleanup', '--keep', '1'];
    const executed = (): unknown[] =>
      engine.calls.filter(
        ({ path, input }) =>
          path === 'checkpoints.cleanup' && (input as { execute: boolean }).execute,
      );
    const piped = await nightshift(args);
    expect([piped.code, executed().length]).toEqual([0, 0]);
    expect(piped.out).toContain('to delete: --execute');
    await nightshift(args, ['n']);
    expect(executed()).toHaveLength(0);
    const asked = await nightshift(args, ['y']);
    expect([asked.questions, executed().length]).toEqual([['Delete them? [y/N] '], 1]);
  });
});

test('crashes are listed without an engine', async () => {
  const entry = {
    id: 'j-1',
    t: 999_000,
    what: 'trainer.crashed',
    text: 'The trainer crashed.',
    step: 12,
    dataset: 'd-1',
    evidence: { run: 'train-20261201-034107-7f3a', category: 'oom', message: 'Out of memory' },
  };
  await mkdir(join(workspace, 'journal'), { recursive: true });
  await writeFile(join(workspace, 'journal', '197001.jsonl'), `${JSON.stringify(entry)}\n`);
  const text = await nightshift(['crashes']);
  expect([text.code, text.err]).toEqual([0, '']);
  expect(text.out).toContain('Out of memory');
  const json = await nightshift(['crashes', '--json']);
  expect(JSON.parse(json.out)).toMatchObject([{ category: 'oom', dataset: 'd-1', log: [] }]);
});
