/** Estimates through the engine: from the report of a queued dataset, stored when a pass starts, compared when it ends. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until, Workspace } from './fixtures/workspace.ts';

let w: Workspace;
beforeEach(() => {
  w = new Workspace();
  w.configure({});
});
afterEach(() => w.end());
const ask = (changes: Record<string, unknown> = {}, dataset: string | null = null) =>
  w.engine.api.config.estimate({ changes, dataset });

test('without a base model an estimate is refused', async () => {
  await w.start();
  await expect(ask()).rejects.toMatchObject({ code: 'NOT_READY' });
});

test('changes are estimated without being made; an invalid one is refused by its key', async () => {
  const engine = await w.withBase();
  await engine.api.training.pause({ by: 'test' });
  const [a] = await w.add(w.rows('a.jsonl', 42), w.rows('b.jsonl', 82));
  await until('both verdicts', () =>
    engine.api.datasets.list().every((dataset) => dataset.verdict === 'ready'),
  );
  const answer = await ask({ batch_size: 8, epochs: 3 }, a?.id ?? null);
  expect(answer.dataset?.name).toBe('a.jsonl');
  expect(answer.now.steps).toBe(10);
  expect(answer.changed.steps).toBe(15);
  expect(answer.queue).toMatchObject({ datasets: 2, steps: 15 + 30 });
  expect(answer.levels.map((level) => level.batch_size)).toEqual([8, 16, 24, 30, 40]);
  expect(answer.changed.time.certainty).toBe('reference');
  expect(answer.record).toEqual({ count: 0, time: null, memory: null });
  expect(engine.api.config.get().values).toMatchObject({ batch_size: 4, epochs: 1 });
  expect((await ask({ max_length: 16 }, a?.id ?? null)).changed.rows_over).toBe(0);
  await expect(ask({ batch_size: 0 })).rejects.toMatchObject({
    code: 'INVALID',
    data: { subject: 'batch_size' },
  });
  await expect(ask({ nothing: 0 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(ask({ base_model: 'none' })).rejects.toMatchObject({ code: 'NOT_READY' });
});

test('rows that are too long: each option is estimated with its own configuration', async () => {
  const engine = await w.withBase();
  await engine.api.training.pause({ by: 'test' });
  const [a] = await w.add(w.rows('a.jsonl', 42));
  const id = a?.id ?? '';
  const overLong = () => engine.api.datasets.overLong({ id });
  await until('the verdict', () =>
    engine.api.datasets.list().every((dataset) => dataset.verdict === 'ready'),
  );
  expect(await overLong()).toEqual({ max_length: 4096, rows: 0, now: null, choices: [] });
  // As intake reports a file with a few long rows.
  const file = path.join(w.folder, 'data/datasets', id, 'report.json');
  const report = JSON.parse(readFileSync(file, 'utf8')) as {
    accepted: number;
    rejected: { by_reason: Record<string, number> };
    lengths: { whole: { max: number; histogram: unknown[] } };
  };
  const long = structuredClone(report);
  long.rejected.by_reason['over_length'] = 8;
  long.lengths.whole = {
    ...report.lengths.whole,
    max: 8000,
    histogram: [
      { from: 0, to: 4000, count: report.accepted },
      { from: 5000, to: 8001, count: 8 },
    ],
  };
  const counts = { over_length: 8, over_length_answer_lost: 2, max_length_loses_nothing: 8000 };
  writeFileSync(file, JSON.stringify({ ...long, ...counts }));
  const answer = await overLong();
  expect(answer).toMatchObject({ max_length: 4096, rows: 8, now: 'drop' });
  const [drop, cut, raise] = answer.choices;
  expect([drop?.rows_kept, cut?.rows_kept, raise?.rows_kept]).toEqual([42, 48, 50]);
  expect(raise?.steps).toBeGreaterThan(drop?.steps ?? Infinity);
  expect(raise?.seconds).toBeGreaterThan(cut?.seconds ?? Infinity);
  expect(raise?.memory).toBeGreaterThan(drop?.memory ?? Infinity);
  expect(cut?.trained_tokens_lost).toBeLessThan(drop?.trained_tokens_lost ?? 0);
  // No setting was changed; a missing report is refused.
  expect(engine.api.config.get().values).toMatchObject({ max_length: 4096, over_length: 'refuse' });
  rmSync(file);
  await expect(overLong()).rejects.toMatchObject({ code: 'NOT_READY' });
  await expect(engine.api.datasets.overLong({ id: 'none' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

test('it is stored when the pass starts and compared when it ends; the next one uses the measured pace', async () => {
  const engine = await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 42));
  const id = a?.id ?? '';
  await w.at(id, 'completed');
  const kept = await until('the comparison', () => {
    const file = JSON.parse(
      readFileSync(path.join(w.folder, 'data/datasets', id, 'estimate.json'), 'utf8'),
    ) as {
      actual: { steps: number; memory: number; seconds_per_step: number } | null;
      predicted: { steps: number };
    };
    return file.actual === null ? null : file;
  });
  expect(kept.predicted.steps).toBe(10);
  expect(kept.actual).toMatchObject({ steps: 10, memory: 10 * 2 ** 20 });
  expect(kept.actual?.seconds_per_step).toBeCloseTo(0.01, 9);
  const entry = await until('the journal', () =>
    engine.rooms.journal.recent().find((line) => line.what === 'estimate.compared'),
  );
  expect(entry.text).toContain('a.jsonl: 10 steps took');
  const answer = await ask();
  expect(answer.record.count).toBe(1);
  expect(answer.record.memory?.most).toBeLessThan(0);
  expect(answer.changed.time.certainty).toBe('measured');
  await w.stop();
  await w.start();
  expect((await ask()).record.count, 'after a restart').toBe(1);
});

test('settings that name something outside config.json are checked when they are set', async () => {
  const engine = await w.withBase();
  const set = (key: string, value: unknown) =>
    engine.api.config.set({ key, value, confirm: key, stage: false, by: 'test' });
  await expect(set('base_model', 'none')).rejects.toMatchObject({
    code: 'INVALID',
    message: expect.stringContaining(path.join('models', 'none', 'base.json')) as string,
    data: { next: 'Available: starter.' },
  });
  await expect(set('base_model', '../models/starter/..')).rejects.toMatchObject({
    code: 'INVALID',
  });
  const damaged = path.join(w.folder, 'models', 'damaged');
  mkdirSync(damaged);
  writeFileSync(path.join(damaged, 'base.json'), '{"id":');
  await expect(set('base_model', 'damaged')).rejects.toMatchObject({
    message: expect.stringContaining("can't be read (not JSON)") as string,
  });
  await expect(set('device', 'cuda:63')).rejects.toMatchObject({ code: 'INVALID' });
  expect((await set('device', 'cpu')).values.device).toBe('cpu');
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  await expect(set('monitor.port', port)).rejects.toMatchObject({
    code: 'INVALID',
    message: expect.stringContaining(String(port)) as string,
  });
  await new Promise((resolve) => other.close(resolve));
  expect((await set('monitor.port', port)).values.monitor.port).toBe(port);
  expect((await set('base_model', 'starter')).values.base_model).toBe('starter');
});
