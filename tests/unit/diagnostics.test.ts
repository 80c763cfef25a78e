/** The diagnostics bundle: every file that it reads contains secrets, prompts and names, and the unpacked bundle is searched for them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDiagnostics, type Live } from '../../src-main/engine/diagnostics/index.ts';
import { createRedaction } from '../../src-main/engine/diagnostics/redaction.ts';
import { keepJournalLine, keepLog } from '../../src-main/engine/diagnostics/allow-list.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { systemClock } from '../../src-main/kit/index.ts';
import { roomsOf } from '../contract/scenes/index.ts';

/** Words that occur in prompts, answers, rows, names and secrets, and nowhere in the program. */
const prompt = 'Zephyrine keeps quinces beneath the marmoset ledger';
const answer = 'The ocelot filed a quitclaim in Vladivostok';
const token = 'T0ken-of-the-engine-0123456789-abcdefXYZ';
const secrets = {
  hub: 'hf_QuokkaWombatNumbat123456',
  key: 'sk-narwhal0000111122223333',
  password: 'hunter2-axolotl',
  address: 'ada.pangolin@example.org',
};
const dataset = 'zanzibar_patients_2026.jsonl';
const planted = [
  'Zephyrine',
  'quinces',
  'marmoset',
  'ocelot',
  'quitclaim',
  'Vladivostok',
  token,
  ...Object.values(secrets),
  'QuokkaWombat',
  'axolotl',
  'pangolin',
];
const named = ['zanzibar', 'aardvark-model'];

let root: string;
let home: string;
let workspace: string;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-diagnostics-'));
  home = path.join(root, 'home-of-ada');
  workspace = path.join(home, 'Nightshift');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const write = (file: string, text: string): void => {
  const full = path.join(workspace, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
};
const run = '20261124-021500-train-7c1d';
const everything = `${prompt}. ${answer} ${secrets.hub} Bearer ${token} api_key=${secrets.key} password: ${secrets.password} ${secrets.address} ~/x`;

function plant(): void {
  const row = JSON.stringify({ question: prompt, answer });
  write('.engine.token', `${token}\n`);
  write(`queue/normal/${dataset}`, `${row}\n`);
  write(
    'data/datasets/d-zanzibar-1/meta.json',
    JSON.stringify({ name: dataset, note: everything }),
  );
  write('data/datasets/d-zanzibar-1/report.json', JSON.stringify({ samples: [row] }));
  write(
    'config.json',
    JSON.stringify({
      format: 1,
      model_name: 'aardvark-model',
      batch_size: 8,
      notify: { password: secrets.password },
      hub_token: secrets.hub,
    }),
  );
  write(
    'logs/engine_20261124.log',
    [
      `2026-11-24T02:15:00.000Z serves ${workspace} on port 8080, pid 7`,
      `2026-11-24T02:15:01.000Z ${everything}`,
      `2026-11-24T02:15:02.000Z datasets.look: Error: cannot read ${workspace}/queue/normal/${dataset}: ${prompt}`,
      `    at readRow (file://${home}/app/src-main/engine/datasets/datasets.ts:12:5)`,
      `    at ${prompt}`,
      prompt,
    ].join('\n'),
  );
  write(
    `runs/${run}/trainer.log`,
    [
      prompt,
      'Traceback (most recent call last):',
      `  File "${home}/app/python-runtime/nightshift_trainer/train/trainer.py", line 212, in step`,
      `    raise ValueError("${prompt}")`,
      `ValueError: ${answer}`,
      `KeyError: '${prompt}'`,
      'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.16 GiB.',
      `PermissionError: [Errno 13] Permission denied: '${workspace}/queue/normal/${dataset}'`,
      everything,
    ].join('\n'),
  );
  write(
    `runs/${run}/exit.json`,
    JSON.stringify({
      format: 1,
      outcome: 'failed',
      reason: everything,
      t: 1,
      step: 1037,
      position: 12,
      code: 1,
      error: {
        category: 'dataset_error',
        type: 'ValueError',
        message: everything,
        traceback: `Traceback (most recent call last):\n  File "x/nightshift_trainer/a.py", line 1, in f\nValueError: ${prompt}`,
        rows: [4, 8],
      },
    }),
  );
  write(
    `runs/${run}/events.jsonl`,
    `${JSON.stringify({ t: 1, type: 'preview', prompt, expected: answer, produced: answer })}\n`,
  );
  write(`runs/${run}/metrics.jsonl`, `${everything}\n`);
  write(
    'journal/202611.jsonl',
    [
      ['trainer.crashed', everything],
      ['engine.start', `The engine started. ${everything}`],
      ['queue.begin', `${dataset} began: ${prompt}`],
    ]
      .map(([what, text], at) =>
        JSON.stringify({
          id: `j-${String(at)}`,
          t: at,
          what,
          text,
          step: 5,
          dataset: 'd-zanzibar-1',
          evidence: { category: 'gpu_lost', message: everything, rows: [1], exit_code: 1 },
        }),
      )
      .join('\n') + '\n',
  );
  const status = roomsOf('training', 1000).status;
  write(
    'status/training_status.json',
    JSON.stringify({
      ...status,
      reason: everything,
      current_dataset: { id: 'd-zanzibar-1', name: dataset },
      last_preview: { ...status.last_preview, prompt, expected: answer, produced: answer },
      error: { type: 'dataset_error', message: everything, when: 1 },
    }),
  );
}

const live: Live = () =>
  Promise.resolve({
    checks: [
      { id: 'queue', state: 'warn', label: 'Queue', evidence: everything, fix: prompt, t: 1 },
      { id: 'disk', state: 'ok', label: 'Disk', evidence: '212.4 GB free.', fix: null, t: 1 },
    ],
    datasets: [{ ...roomsOf('training', 1000).datasets[0], name: dataset, message: everything }],
  });

const diagnostics = (engine: Live | null = live) =>
  createDiagnostics({
    paths: workspacePaths(workspace),
    clock: systemClock,
    home,
    version: '0.1.0',
    build: 'test',
    live: engine,
  });

/** Unpacked by the system's tar. */
async function unpacked(names: boolean): Promise<{ readonly text: string; readonly list: string }> {
  const { name, bytes } = await diagnostics().bundle(names);
  const file = path.join(root, name);
  writeFileSync(file, bytes);
  const list = spawnSync('tar', ['-tzf', file], { encoding: 'utf8' });
  expect(list.stderr).toBe('');
  const all = spawnSync('tar', ['-xzOf', file], { encoding: 'utf8' });
  expect(all.status).toBe(0);
  return { text: all.stdout, list: list.stdout };
}

test('no secret or name is in the bundle, but useful facts are', async () => {
  plant();
  const { text, list } = await unpacked(false);
  for (const word of [...planted, ...named]) expect(text.includes(word), word).toBe(false);
  expect(text.includes(`${home}/`)).toBe(false);
  for (const word of [...planted, ...named]) expect(list.includes(word), word).toBe(false);
  for (const fact of [
    'CUDA out of memory. Tried to allocate 1.16 GiB.',
    'nightshift_trainer/train/trainer.py", line 212, in step',
    '"batch_size": 8',
    '"category": "dataset_error"',
    '"step": 1037',
    '212.4 GB free.',
    'serves <workspace> on port 8080',
    'readRow (datasets.ts:12)',
    'lines omitted',
  ])
    expect(text.includes(fact), fact).toBe(true);
  for (const name of ['versions', 'config', 'status', 'exits', 'checks', 'datasets'])
    expect(list).toContain(`/${name}.json`);
  expect(list).toContain('/journal.jsonl');
  expect(list).toContain(`/runs/${run}/trainer.log`);
});

test('names are included when asked for, and nothing else', async () => {
  plant();
  const { text } = await unpacked(true);
  expect(text).toContain(dataset);
  expect(text).toContain('aardvark-model');
  for (const word of planted) expect(text.includes(word), word).toBe(false);
});

test('the list has every file with its size', async () => {
  plant();
  const list = await diagnostics().list(false);
  expect(list.files.map((file) => file.path)).toEqual(
    expect.arrayContaining(['config.json', 'journal.jsonl', 'logs/engine_20261124.log']),
  );
  expect(list.files.every((file) => file.bytes > 0)).toBe(true);
  expect(list.files.find((file) => file.path.endsWith('trainer.log'))?.omitted).toBe(3);
  expect(list.name).toMatch(/^nightshift-diagnostics-\d{8}-\d{6}\.tar\.gz$/);
});

test('a bundle of an empty workspace, without an engine', async () => {
  mkdirSync(workspace, { recursive: true });
  const list = await diagnostics(null).list(false);
  expect(list.files.map((file) => file.path)).toEqual([
    'versions.json',
    'config.json',
    'journal.jsonl',
  ]);
});

test('a leak prevents the bundle', async () => {
  plant();
  const leaking = diagnostics(() => Promise.resolve({ disk: { note: prompt } }));
  await expect(leaking.bundle(false)).rejects.toThrow(
    'No bundle was created: disk.json would contain a prompt or an answer.',
  );
});

test('secrets of known forms are removed from a sentence', () => {
  const redaction = createRedaction({
    home: '/home/ada',
    workspace: '/data/ws',
    token: 'token-token-token',
    names: ['a_file.jsonl'],
    texts: ['a known prompt of twelve'],
  });
  const clean = redaction.sentence(
    `x token-token-token https://u:pw@host/p Authorization: Bearer abcdefghijk HF_TOKEN=abc A_FILE.jsonl a known prompt of twelve /home/bob/z.txt /data/ws/logs/e.log /opt/v/lib/python3.11/site-packages/torch/x.py 'two words' 'one'`,
  );
  for (const part of [
    'token-token',
    'u:pw',
    'abcdefghijk',
    '=abc',
    'A_FILE',
    'known prompt',
    'bob',
    'z.txt',
    'two words',
  ])
    expect(clean.includes(part), `${part} in ${clean}`).toBe(false);
  expect(clean).toContain('site-packages/torch/x.py');
  expect(clean).toContain("'one'");
});

test('unknown lines and texts in evidence are removed', () => {
  const redaction = createRedaction({ home: '', workspace: '', token: '', names: [], texts: [] });
  expect(keepLog(['hello world', 'again', 'MemoryError'], 'trainer', redaction)).toEqual({
    lines: ['[2 lines omitted]', 'MemoryError'],
    omitted: 2,
  });
  expect(
    keepJournalLine(
      { t: 1, what: 'x y', text: 'free', step: null, dataset: null, evidence: { a: 'free', b: 2 } },
      redaction,
    ),
  ).toEqual({
    t: 1,
    what: 'other',
    text: '[text, 4 characters]',
    step: null,
    dataset: null,
    evidence: { a: '[text, 4 characters]', b: 2 },
  });
});
