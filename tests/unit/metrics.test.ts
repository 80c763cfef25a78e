import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type AncestrySegment,
  type MetricsNews,
  SMOOTHING_WEIGHT,
} from '../../src-main/contract/index.ts';
import { createJournal, type Journal } from '../../src-main/engine/journal/index.ts';
import { decideActivity } from '../../src-main/engine/metrics/activity.ts';
import { createMetrics, type MetricsRoom } from '../../src-main/engine/metrics/index.ts';
import { lastOfEach, Points } from '../../src-main/engine/metrics/points.ts';
import { TrainingLoss } from '../../src-main/engine/metrics/smoothing.ts';
import type { TrainerRoom } from '../../src-main/engine/trainer/index.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { type Clock, systemClock } from '../../src-main/kit/index.ts';

const point = (step: number, loss = 1) => ({
  step,
  t: 1000 + step,
  loss,
  lr: 0.1,
  grad_norm: 1,
  tokens_per_second: 100,
  memory_mb: 10,
});

describe('points', () => {
  test('a bucket has minimum, maximum and mean, and step and time of its last point', () => {
    const points = new Points(2);
    for (const [at, loss] of [3, 1, 2, 8, 4].entries()) points.add(point(at + 1, loss));
    expect(points.buckets('loss', 0, 5, 2)).toEqual([
      [3, 1003, 1, 3, 2],
      [5, 1005, 4, 8, 6],
    ]);
    expect(points.buckets('loss', 0, 5, 100).map((bucket) => bucket[4])).toEqual([3, 1, 2, 8, 4]);
    expect(points.buckets('loss', 0, 0, 100)).toEqual([]);
  });

  test('the average is debiased: the first value is itself, a constant stays constant', () => {
    const points = new Points();
    for (let step = 1; step <= 50; step += 1) points.add(point(step, 5));
    for (const [, value] of points.smoothed(0.9, 0, 50, 50)) expect(value).toBeCloseTo(5, 12);
    const two = new Points();
    two.add(point(1, 4));
    two.add(point(2, 1));
    // (0.9 * 0.1 * 4 + 0.1 * 1) / (1 - 0.9^2)
    expect(two.smoothed(0.9, 0, 2, 2)[1]?.[1]).toBeCloseTo(0.46 / 0.19, 6);
    expect(two.smoothed(0, 0, 2, 2)).toEqual([
      [1, 4],
      [2, 1],
    ]);
  });

  test('a range continues the average of the points before it', () => {
    const points = new Points();
    for (let step = 1; step <= 100; step += 1) points.add(point(step, step % 7));
    const all = points.smoothed(0.6, 0, 100, 100);
    const part = points.smoothed(0.6, 60, 100, 40);
    for (const [at, [step, value]] of part.entries()) {
      expect(step).toBe(all[60 + at]?.[0]);
      expect(value).toBeCloseTo(all[60 + at]?.[1] ?? NaN, 5);
    }
  });

  test('steps that are trained again replace those that were lost', () => {
    const points = new Points();
    for (let step = 1; step <= 10; step += 1) points.add(point(step, 1));
    expect(points.add(point(8, 2))).toBe(true);
    expect(points.length).toBe(8);
    expect(points.last).toMatchObject({ step: 8, loss: 2 });
    expect(points.cutAfter(5)).toBe(true);
    expect(points.cutAfter(5)).toBe(false);
    expect(points.last?.step).toBe(5);
  });

  test('buckets over whole and partial blocks equal a plain computation', () => {
    const points = new Points(2);
    const plain: number[] = [];
    let state = 1;
    const next = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let turn = 0; turn < 12; turn += 1) {
      for (let count = Math.floor(next() * 300); count >= 0; count -= 1) {
        plain.push(next());
        points.add(point(plain.length, plain.at(-1)));
      }
      plain.length = Math.floor(plain.length * (0.3 + 0.7 * next()));
      points.cutAfter(plain.length);
      for (const [from, to, count] of [
        [0, plain.length, 7],
        [3, plain.length - 2, 1],
        [64, Math.max(64, plain.length - 70), 3],
      ] as const) {
        const size = Math.max(1, Math.ceil((to - from) / count));
        for (const [at, bucket] of points.buckets('loss', from, to, count).entries()) {
          const part = plain.slice(from + at * size, Math.min(to, from + (at + 1) * size));
          // Seven digits are stored.
          expect(bucket[2]).toBeCloseTo(Math.min(...part), 6);
          expect(bucket[3]).toBeCloseTo(Math.max(...part), 6);
          expect(bucket[4]).toBeCloseTo(
            part.reduce((sum, value) => sum + value, 0) / part.length,
            6,
          );
        }
      }
    }
  });

  test('the average at a bucket is the same as at every point', () => {
    const points = new Points();
    for (let step = 1; step <= 5000; step += 1) points.add(point(step, (step * 37) % 11));
    for (const smoothing of [0, 0.6, 0.9, 0.99]) {
      const every = new Map(points.smoothed(smoothing, 0, 5000, 5000));
      for (const [step, value] of points.smoothed(smoothing, 0, 5000, 12))
        expect(value).toBeCloseTo(every.get(step) ?? NaN, 4);
    }
  });

  test('of several evaluations in one bucket the last is kept', () => {
    const all = [1, 4, 9, 10, 11, 25].map((step) => ({ step }));
    expect(lastOfEach(all, 1, 1)).toEqual(all);
    expect(lastOfEach(all, 1, 10).map((entry) => entry.step)).toEqual([10, 11, 25]);
  });

  test('a million points keep their minimum and maximum', () => {
    const points = new Points();
    for (let step = 1; step <= 1_000_000; step += 1)
      points.add(point(step, step === 777_777 ? 99 : 1));
    const buckets = points.buckets('loss', 0, points.length, 2000);
    expect(buckets).toHaveLength(2000);
    expect(buckets.filter((bucket) => bucket[3] === 99)).toHaveLength(1);
    expect(points.smoothed(0.999, 0, points.length, 2000)).toHaveLength(2000);
    expect(points.indexOf(777_777)).toBe(777_776);
  });
});

describe('the training loss', () => {
  const valueAfter = (...losses: readonly [step: number, pass: string, loss: number][]) => {
    const trainingLoss = new TrainingLoss();
    for (const loss of losses) trainingLoss.add(...loss);
    return trainingLoss.value;
  };

  test('is the debiased average of the pass, and restarts with the next one', () => {
    expect(valueAfter()).toBeNull();
    expect(valueAfter([1, 'p-1', 4], [2, 'p-1', 1])).toBeCloseTo(
      (SMOOTHING_WEIGHT * 4 + 1) / (SMOOTHING_WEIGHT + 1),
      12,
    );
    expect(valueAfter([1, 'p-1', 4], [2, 'p-1', 1], [3, 'p-2', 7])).toBeCloseTo(7, 12);
  });

  test('after a resume it continues from the checkpoint, also one before the pass began', () => {
    const trainingLoss = new TrainingLoss();
    for (let step = 1; step <= 10_000; step += 1) trainingLoss.add(step, 'p-1', step % 13);
    for (let step = 10_001; step <= 10_010; step += 1) trainingLoss.add(step, 'p-2', 9);
    const plain = new TrainingLoss();
    for (let step = 1; step <= 9_990; step += 1) plain.add(step, 'p-1', step % 13);
    trainingLoss.cutAfter(9_990);
    expect(trainingLoss.value).toBe(plain.value);
    trainingLoss.add(9_991, 'p-1', 5);
    plain.add(9_991, 'p-1', 5);
    expect(trainingLoss.value).toBe(plain.value);
    trainingLoss.cutAfter(0);
    expect(trainingLoss.value).toBeNull();
  });
});

test('the activity strip: runs, pauses that outlive their process, sleep, recoveries', () => {
  const activity = decideActivity(
    {
      spans: [
        {
          run: 'a',
          dataset: 'a.jsonl',
          from: 100,
          to: 200,
          paused: [
            { from: 120, to: 130 },
            { from: 190, to: null },
          ],
        },
        { run: 'b', dataset: 'b.jsonl', from: 300, to: 350, paused: [] },
      ],
      recoveries: [
        { t: 5, label: 'old', lost: 9 },
        { t: 300, label: 'new', lost: 3 },
      ],
      done: [5, 340],
      asleep: [{ from: 310, to: 320 }],
    },
    'b',
    110,
    400,
  );
  expect(activity.spans).toEqual([
    { kind: 'training', from: 110, to: 120, dataset: 'a.jsonl' },
    { kind: 'paused', from: 120, to: 130, dataset: 'a.jsonl' },
    { kind: 'training', from: 130, to: 190, dataset: 'a.jsonl' },
    { kind: 'paused', from: 190, to: 300, dataset: 'a.jsonl' },
    { kind: 'training', from: 300, to: 310, dataset: 'b.jsonl' },
    { kind: 'asleep', from: 310, to: 320, dataset: null },
    { kind: 'training', from: 320, to: 400, dataset: 'b.jsonl' },
  ]);
  expect(activity.totals).toEqual({
    training_s: 160,
    paused_s: 120,
    asleep_s: 10,
    datasets_done: 1,
    recoveries: 1,
    steps_lost: 3,
  });
});

describe('the metrics module', () => {
  const root = { path: '' };
  let metrics: MetricsRoom;
  const undivided: readonly AncestrySegment[] = [{ branch: 'main', upto: null, opened: 0 }];
  let ancestry = undivided;
  let journal: Journal;
  // Only asked whether a run is alive. Everything else is read from files.
  const trainer = { view: () => ({ alive: false, run: null }) } as unknown as TrainerRoom;
  const runs = (): string => path.join(root.path, 'runs');
  function run(name: string, dataset = 'a.jsonl', branch = 'main'): void {
    mkdirSync(path.join(runs(), name), { recursive: true });
    writeFileSync(
      path.join(runs(), name, 'spec.json'),
      JSON.stringify({ dataset: { name: dataset }, lineage: { branch }, created: 1000 }),
    );
  }
  const write = (name: string, file: string, ...lines: object[]): void => {
    appendFileSync(
      path.join(runs(), name, file),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
  };
  const steps = (from: number, to: number, loss: number, dataset = 'd-1') =>
    Array.from({ length: to - from + 1 }, (_, at) => ({
      ...point(from + at, loss),
      dataset,
      epoch: 0,
      micro_batch: 4,
    }));
  const event = (type: string, step: number, more: object = {}) => ({
    t: 1000 + step,
    type,
    step,
    ...more,
  });
  const evaluated = (step: number) =>
    event('evaluation', step, {
      core: { loss: 2, rows: 1, tokens: 1 },
      slice: null,
      exact: { k: 3, n: 4, low: 0.3, high: 0.9, unfinished: 1 },
      think: null,
      gap: 0.1,
    });
  async function open(clock: Clock = systemClock): Promise<void> {
    const paths = workspacePaths(root.path);
    journal = createJournal({ paths, clock: systemClock });
    metrics = await createMetrics({ paths, trainer, journal, clock, ancestry: () => ancestry });
  }
  const all = () =>
    metrics.curves({ keys: ['loss'], from: null, to: null, buckets: 1000, smoothing: 0.6 });
  const drawn = (): readonly number[] => (all().curves.loss ?? []).map((bucket) => bucket[0]);

  beforeEach(() => {
    ancestry = undivided;
    root.path = mkdtempSync(path.join(os.tmpdir(), 'nightshift-metrics-'));
  });
  afterEach(async () => {
    metrics.close();
    await journal.flush();
    rmSync(root.path, { recursive: true, force: true });
  });

  test('reads the runs of the ancestry without lost steps, and the same after a restart', async () => {
    await open();
    const news: MetricsNews[] = [];
    metrics.news.on((metric) => news.push(metric));
    run('20260101-000000-train-aaaa');
    write('20260101-000000-train-aaaa', 'events.jsonl', event('resumed', 0));
    write('20260101-000000-train-aaaa', 'metrics.jsonl', ...steps(1, 14, 3));
    write(
      '20260101-000000-train-aaaa',
      'events.jsonl',
      event('checkpoint', 10),
      evaluated(12),
      event('checkpoint', 13),
    );
    await expect.poll(() => metrics.latest().checkpointStep).toBe(13);
    // No exit.json: it crashed. The next run resumes from 10 and hasn't trained a step yet.
    run('20260101-000100-train-bbbb');
    write('20260101-000100-train-bbbb', 'events.jsonl', event('resumed', 10, { lost_steps: 4 }));
    await expect.poll(() => drawn().length).toBe(10);
    expect(all().evaluations).toEqual([]);
    write(
      '20260101-000100-train-bbbb',
      'metrics.jsonl',
      ...steps(11, 20, 2),
      ...steps(21, 25, 1, 'd-2'),
    );
    write('20260101-000100-train-bbbb', 'events.jsonl', evaluated(25));
    await expect.poll(() => metrics.latest().evaluation?.step).toBe(25);
    const live = all();
    expect(drawn()).toEqual(Array.from({ length: 25 }, (_, at) => at + 1));
    expect(live.evaluations).toEqual([
      expect.objectContaining({ step: 25, exact: 0.75, core_loss: 2, slice_loss: null }),
    ]);
    expect(live.markers.map((marker) => [marker.kind, marker.step])).toEqual([
      ['dataset', 1],
      ['checkpoint', 10],
      ['recovery', 10],
      ['dataset', 21],
    ]);
    expect(metrics.latest()).toMatchObject({
      exact: { k: 3, n: 4 },
      microBatch: 4,
      point: { step: 25 },
    });
    expect(news.some((entry) => entry.reset)).toBe(true);
    metrics.close();
    await open();
    expect(all()).toEqual(live);
  });

  test('without a trainer it reads rarely, and misses nothing that is written then', async () => {
    let read = (): void | Promise<void> => undefined;
    await open({
      ...systemClock,
      every: (_seconds, work) => {
        read = work;
        return () => undefined;
      },
    });
    const reads = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) await read();
    };
    await reads(16);
    run('20260101-000000-train-aaaa');
    write('20260101-000000-train-aaaa', 'metrics.jsonl', ...steps(1, 3, 3));
    // Written right after the last read: read at once.
    await reads(1);
    expect(drawn()).toHaveLength(3);
    await reads(33);
    write('20260101-000000-train-aaaa', 'metrics.jsonl', ...steps(4, 5, 3));
    await reads(1);
    expect(drawn()).toHaveLength(3);
    await reads(7);
    expect(drawn()).toHaveLength(5);
  });

  test('after a restore the curve is that of the old branch up to the fork, then of the new one, with a marker at the fork', async () => {
    run('20260101-000000-train-aaaa');
    write('20260101-000000-train-aaaa', 'events.jsonl', event('resumed', 0));
    write('20260101-000000-train-aaaa', 'metrics.jsonl', ...steps(1, 20, 3));
    write(
      '20260101-000000-train-aaaa',
      'events.jsonl',
      evaluated(10),
      event('checkpoint', 10),
      event('checkpoint', 20),
      evaluated(20),
    );
    await open();
    expect(drawn()).toHaveLength(20);
    write('20260101-000000-train-aaaa', 'exit.json', { format: 1, outcome: 'stopped' });
    ancestry = [
      { branch: 'main', upto: 10, opened: 0 },
      { branch: 'branch-2', upto: null, opened: 1500 },
    ];
    const news: MetricsNews[] = [];
    metrics.news.on((metric) => news.push(metric));
    await metrics.follow();
    expect(news.at(-1)).toMatchObject({ branch: 'branch-2', reset: true });
    expect(drawn()).toHaveLength(10);
    expect(metrics.latest()).toMatchObject({ checkpointStep: 10, evaluation: { step: 10 } });
    run('20260101-000100-train-bbbb', 'a.jsonl', 'branch-2');
    write('20260101-000100-train-bbbb', 'events.jsonl', event('resumed', 10));
    write('20260101-000100-train-bbbb', 'metrics.jsonl', ...steps(11, 14, 1));
    write('20260101-000100-train-bbbb', 'events.jsonl', evaluated(14), event('checkpoint', 14));
    await expect.poll(() => metrics.latest().checkpointStep).toBe(14);
    const live = all();
    expect(live.branch).toBe('branch-2');
    expect(live.curves.loss?.map((curve) => [curve[0], curve[4]]).slice(8)).toEqual([
      [9, 3],
      [10, 3],
      [11, 1],
      [12, 1],
      [13, 1],
      [14, 1],
    ]);
    expect(live.markers.map((marker) => [marker.kind, marker.step, marker.label])).toEqual([
      ['branch', 10, 'branch-2'],
      ['dataset', 1, 'a.jsonl'],
      ['checkpoint', 10, 'checkpoint'],
      ['checkpoint', 14, 'checkpoint'],
    ]);
    expect(live.evaluations.map((evaluation) => evaluation.step)).toEqual([10, 14]);
    // Evaluations of the abandoned branch are kept for the lineage picture.
    expect(
      metrics
        .validation()
        .map((metric) => [metric.branch, ...metric.evaluations.map((e) => e.step)]),
    ).toEqual([
      ['main', 10, 20],
      ['branch-2', 14],
    ]);
    metrics.close();
    await open();
    expect(all()).toEqual(live);
  });

  test('a range of the curve; lines that are cut or not JSON are skipped', async () => {
    run('20260101-000000-train-aaaa');
    write('20260101-000000-train-aaaa', 'metrics.jsonl', ...steps(1, 10, 3));
    appendFileSync(
      path.join(runs(), '20260101-000000-train-aaaa', 'metrics.jsonl'),
      'junk\n{"step": 11,',
    );
    await open();
    const part = metrics.curves({
      keys: ['loss', 'lr'],
      from: 4,
      to: 6,
      buckets: 100,
      smoothing: 0,
    });
    expect(part).toMatchObject({ from: 4, to: 6, bucket_steps: 1 });
    expect(part.curves.lr?.map((bucket) => bucket[0])).toEqual([4, 5, 6]);
    expect(drawn()).toHaveLength(10);
  });

  test('a pause becomes a span; sleep is read from the journal, also after a restart', async () => {
    run('20260101-000000-train-aaaa');
    write('20260101-000000-train-aaaa', 'metrics.jsonl', ...steps(1, 10, 3));
    write('20260101-000000-train-aaaa', 'events.jsonl', event('paused', 5), {
      ...event('unpaused', 5),
      t: 1400,
    });
    await open();
    journal.write({
      what: 'trainer.asleep',
      text: 'x',
      step: 7,
      evidence: { from: 1500, until: 1600 },
    });
    const marks = () =>
      all().markers.filter((marker) => marker.kind === 'pause' || marker.kind === 'asleep');
    const wanted = [
      { kind: 'pause', step: 5, t: 1005, until: 1400, label: 'paused' },
      { kind: 'asleep', step: 7, t: 1500, until: 1600, label: 'asleep' },
    ];
    expect(marks()).toEqual(wanted);
    await journal.flush();
    metrics.close();
    await open();
    expect(marks()).toEqual(wanted);
  });

  test('a long history is read while the engine already runs, then clients are notified', async () => {
    run('20260101-000000-train-aaaa');
    const lines = steps(1, 150_000, 3).map((line) => `${JSON.stringify(line)}\n`);
    writeFileSync(path.join(runs(), '20260101-000000-train-aaaa', 'metrics.jsonl'), lines.join(''));
    write('20260101-000000-train-aaaa', 'events.jsonl', evaluated(150_000));
    // The start doesn't wait for the history.
    const clock: Clock = {
      ...systemClock,
      after: (_seconds, f) => systemClock.after(0, f),
    };
    await open(clock);
    const news: MetricsNews[] = [];
    metrics.news.on((metric) => news.push(metric));
    expect(all().to).toBeLessThan(150_000);
    expect(metrics.costs()).toBe(null);
    let turns = 0;
    let isDone = false;
    void metrics.settled.then(() => (isDone = true));
    while (!isDone) {
      turns += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The event loop turned many times meanwhile.
    expect(turns).toBeGreaterThan(100);
    expect(all().to).toBe(150_000);
    expect(metrics.latest().evaluation?.step).toBe(150_000);
    expect(news).toEqual([
      { branch: 'main', reset: true, points: [], evaluations: [], markers: [] },
    ]);
  });

  test('previews are newest first', async () => {
    run('20260101-000000-train-aaaa');
    const preview = {
      row: 1,
      prompt: 'p',
      prompt_tokens: 1,
      expected: 'e',
      produced: 'x',
      matches: false,
      finished: true,
      tokens: 1,
      seconds: 0.1,
    };
    write(
      '20260101-000000-train-aaaa',
      'events.jsonl',
      event('preview', 1, preview),
      event('preview', 2, preview),
    );
    await open();
    expect(metrics.previews(1).map((preview) => preview.step)).toEqual([2]);
    expect(metrics.previews(9)).toHaveLength(2);
  });
});
