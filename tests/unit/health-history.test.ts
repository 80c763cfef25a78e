/** Crash history from the journal, the cost of monitoring from events, disk use from a scan. */
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { crashesFrom, type JournalEntry } from '../../src-main/contract/index.ts';
import { measureUse, partOf } from '../../src-main/engine/disk/use.ts';
import { CostReader } from '../../src-main/engine/health/cost-reader.ts';
import { costsFrom } from '../../src-main/engine/health/costs.ts';
import { memoryStatsFrom } from '../../src-main/engine/status/memory.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';

const entry = (t: number, what: string, more: Partial<JournalEntry> = {}): JournalEntry => ({
  id: `j-${String(t)}`,
  t,
  what,
  text: 'text',
  step: null,
  dataset: 'd-1',
  evidence: {},
  ...more,
});

test('a crash is joined with the restart of the same dataset that followed it', () => {
  const crashed = (t: number, category: string, more: Partial<JournalEntry> = {}) =>
    entry(t, 'trainer.crashed', {
      step: 120,
      evidence: { category, message: `of ${category}`, run: 'r', rows: [3, 'x'] },
      ...more,
    });
  const newestFirst = [
    crashed(400, 'gpu_lost'),
    entry(310, 'trainer.restarted', { step: 100, evidence: { lost_steps: 20 } }),
    entry(305, 'engine.start', { dataset: null }),
    crashed(300, 'hang'),
    crashed(290, 'disk_full', { dataset: 'd-2' }),
    crashed(10, 'unknown'),
  ];
  expect(
    crashesFrom(newestFirst, 100).map((crash) => [
      crash.category,
      crash.resumed_from,
      crash.steps_lost,
      crash.seconds,
      crash.message,
      crash.rows,
    ]),
  ).toEqual([
    ['gpu_lost', null, null, null, 'of gpu_lost', [3]],
    ['hang', 100, 20, 10, 'of hang', [3]],
    ['disk_full', null, null, null, 'of disk_full', [3]],
  ]);
});

test('costs are added by part over the time that was measured', () => {
  const costs = costsFrom({
    budgetPercent: 5,
    run: 'r',
    engineCpu: 2,
    engineSeconds: 400,
    now: 9,
    events: [
      { t: 100, type: 'started' },
      { t: 110, type: 'evaluation', seconds: 3 },
      { t: 150, type: 'evaluation', seconds: 1 },
      { t: 160, type: 'preview', seconds: 0.5 },
      { t: 170, type: 'checkpoint', stall_seconds: 0.2 },
      { t: 200, type: 'monitoring', percent: 4.5 },
    ],
  });
  expect(costs).toMatchObject({
    budget_percent: 5,
    trainer_percent: 4.5,
    engine_percent: 0.5,
    measured_seconds: 100,
    parts: [
      { id: 'evaluation', times: 2, seconds: 4, percent: 4 },
      { id: 'preview', times: 1, seconds: 0.5, percent: 0.5 },
      { id: 'checkpoint_stall', times: 1, seconds: 0.2, percent: 0.2 },
    ],
  });
  const nothing = costsFrom({
    ...{ budgetPercent: 5, run: null, engineCpu: 0, engineSeconds: 0, now: 1 },
    events: [],
  });
  expect([nothing.trainer_percent, nothing.engine_percent, nothing.parts[0]?.percent]).toEqual([
    null,
    null,
    null,
  ]);
});

const folder = (): string => {
  const made = mkdtempSync(path.join(os.tmpdir(), 'nightshift-history-'));
  onTestFinished(() => {
    rmSync(made, { recursive: true, force: true });
  });
  return made;
};

test('two readers at once count an event once, and a new run starts from zero', async () => {
  const root = folder();
  const paths = workspacePaths(root);
  mkdirSync(paths.run('a'), { recursive: true });
  mkdirSync(paths.run('b'), { recursive: true });
  const line = `${JSON.stringify({ t: 1, type: 'preview', prompt: 'p', seconds: 2 })}\n`;
  writeFileSync(path.join(paths.run('a'), 'events.jsonl'), `${line}junk\n${line}`);
  writeFileSync(path.join(paths.run('b'), 'events.jsonl'), line);
  const reader = new CostReader(paths);
  const [first, second] = await Promise.all([reader.read('a'), reader.read('a')]);
  expect([first.length, second.length]).toEqual([2, 2]);
  expect(JSON.stringify(first)).not.toContain('prompt');
  expect((await reader.read('b')).length).toBe(1);
});

test('a file with two hard links counts once, in the first part; symbolic links do not count', async () => {
  const root = folder();
  const put = (name: string, kilobytes: number): string => {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, Buffer.alloc(kilobytes * 1024, 1));
    return file;
  };
  const weights = put('current_model/checkpoints/main/step-00000001/model/model.safetensors', 64);
  mkdirSync(path.join(root, 'models/versions/v001_a'), { recursive: true });
  linkSync(weights, path.join(root, 'models/versions/v001_a/model.safetensors'));
  put('models/versions/v001_a/version.json', 4);
  put('data/datasets/d-1/cache/k/tokens.i32', 16);
  put('queue/high/a.jsonl', 8);
  const use = Object.fromEntries(
    (await measureUse(workspacePaths(root))).map((entry) => [entry.id, entry]),
  );
  expect(use['checkpoints']?.bytes).toBe(64 * 1024);
  expect(use['versions']).toMatchObject({ bytes: 4096, files: 2 });
  expect(use['cache']?.bytes).toBe(16 * 1024);
  expect(use['datasets']?.bytes).toBe(8 * 1024);
  expect(partOf('models/backups/manual/x')).toBe('backups');
  expect(partOf('models/starter/model.safetensors')).toBe('bases');
  expect(partOf('runs/r/trainer.log')).toBe('runs');
  expect(partOf('config.json')).toBe('other');
});

test('memory is tight when less than a tenth is free', () => {
  const of = (used: number) =>
    memoryStatsFrom({
      used_mb: used,
      total_mb: 1000,
      trainer: { pid: 4, mb: null },
      engine: { pid: 5, mb: 80 },
      gpu: null,
      now: 1,
    });
  expect([of(500).status, of(950).status]).toEqual(['ok', 'tight']);
  expect(of(500)).toMatchObject({ host: { percent: 50 }, trainer: { pid: 4, resident_mb: null } });
});
