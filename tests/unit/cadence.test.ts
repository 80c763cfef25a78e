/** What scales with a dataset, what a first run shows, and why a value is unknown. */
import { describe, expect, test } from 'vitest';
import {
  cadenceOf,
  configFor,
  decideBeforeAndAfter,
  type EvaluationAnswers,
  type EvaluationPoint,
  factoryConfig,
  nextEvaluation,
} from '../../src-main/contract/index.ts';
import { durationRange, evaluationText, exactText } from '../../src-main/contract/format.ts';
import { overheadOf } from '../../src-main/engine/estimate/overhead.ts';
import { marginOf, timeLeft } from '../../src-main/engine/estimate/left.ts';
import { RunCosts } from '../../src-main/engine/metrics/run-costs.ts';
import { validationFields } from '../../src-main/engine/status/validation.ts';

describe('cadence', () => {
  test('a small dataset reaches its learning rate and is evaluated ten times', () => {
    expect(cadenceOf(factoryConfig, 32)).toEqual({
      warmup_steps: 2,
      eval_steps: 3,
      preview_steps: 3,
    });
    expect(cadenceOf(factoryConfig, 4)).toEqual({
      warmup_steps: 1,
      eval_steps: 1,
      preview_steps: 1,
    });
  });
  test('a large one keeps the configured values', () => {
    expect(cadenceOf(factoryConfig, 20_000)).toEqual({
      warmup_steps: 100,
      eval_steps: 500,
      preview_steps: 200,
    });
  });
  test('a warmup of 0 stays 0', () => {
    expect(cadenceOf({ ...factoryConfig, warmup_steps: 0 }, 1000).warmup_steps).toBe(0);
  });
  test('the next evaluation', () => {
    expect([0, 49, 50, 51].map((done) => nextEvaluation({ eval_steps: 50 }, done))).toEqual([
      50, 50, 100, 100,
    ]);
  });
});

test('the sample carries its settings; other datasets have those of the workspace', () => {
  const own = configFor(factoryConfig, { source: 'sample' }, 'smollm2');
  expect(own.learning_rate).not.toBe(factoryConfig.learning_rate);
  expect(own.max_length).toBe(factoryConfig.max_length);
  expect(configFor(factoryConfig, { source: 'upload' }, 'smollm2')).toBe(factoryConfig);
});

test('before and after are the first and the last evaluation of the newest pass', () => {
  const answers = (produced: string, matches: boolean) => [
    { row: 3, prompt: 'q', expected: 'a', produced, matches, finished: matches },
  ];
  const at = (pass: string, when: EvaluationAnswers['when'], step: number, right: boolean) => ({
    ...{ t: step, branch: 'main', pass, when, step },
    answers: answers(right ? 'a' : 'x', right),
  });
  expect(
    decideBeforeAndAfter([
      at('p-1', 'end', 9, true),
      at('p-2', 'start', 9, false),
      at('p-2', 'interval', 12, false),
      at('p-2', 'end', 18, true),
    ]),
  ).toMatchObject({
    before: { step: 9, k: 0, n: 1, unfinished: 1 },
    after: { step: 18, k: 1, n: 1, unfinished: 0 },
    answers: [{ row: 3, before: { produced: 'x' }, after: { produced: 'a' } }],
  });
  expect(decideBeforeAndAfter([])).toEqual({ before: null, after: null, answers: [] });
});

describe('time left', () => {
  const config = { ...factoryConfig, precision: 'bf16' as const };
  const input = {
    shape: {
      ...{ parameters: 135e6, hidden: 576, layers: 30, heads: 9, keyHeads: 3, headSize: 64 },
      ...{ inner: 1536, vocabulary: 49_152, hasHeadNorms: false },
    },
    device: 'cpu' as const,
    ...{ steps: 60, tokensPerStep: 600, checkpointBytes: 1.6e9, heldOutTokens: 3000 },
    ...{ questions: 28, longestAnswer: 40 },
  };
  const costs = (...steps: number[]): RunCosts => {
    const found = new RunCosts();
    for (const seconds of steps) found.addStep(seconds);
    return found;
  };
  const left = (done: number, found: RunCosts) =>
    timeLeft(config, { ...input, done }, found, 1, 0.25);

  test('is unknown before the third step, then a range', () => {
    expect(left(2, costs(3, 1))).toBeNull();
    const found = left(3, costs(3, 1, 1));
    expect(found?.least).toBeLessThan(found?.seconds ?? 0);
    expect(found?.most).toBeGreaterThan(found?.seconds ?? Infinity);
  });
  test('includes the evaluation at the end: one second was left while it took two minutes', () => {
    const found = costs(1, 1, 1, 1);
    found.addEvent({ type: 'evaluation', when: 'start', seconds: 90, abandoned: false });
    expect(left(59, found)?.seconds).toBeGreaterThan(90);
  });
  test('evaluations of a small dataset keep the monitoring budget', () => {
    const wanted = { ...config, budget: { monitoring_percent: 100 } };
    const rest = (settings: typeof config) =>
      overheadOf(settings, { ...input, done: 0, secondsPerStep: 1 }).intervals;
    expect(rest(config)).toBeLessThan(rest(wanted));
  });
  test('the margin follows the last estimates', () => {
    expect(marginOf({ count: 0, time: null })).toBe(0.25);
    expect(marginOf({ count: 3, time: { least: -0.02, most: 0.16 } })).toBe(0.16);
    expect(marginOf({ count: 3, time: { least: -0.02, most: 3 } })).toBe(0.25);
  });
  test('the first step is not part of the speed', () => {
    expect(costs(9, 1, 1, 1).secondsPerStep).toBe(1);
  });
});

describe('reasons', () => {
  const evaluation: EvaluationPoint = {
    ...{ step: 100, t: 5, core_loss: 3, slice_loss: 2.5, gap: 0.5, exact: 0.5, exact_k: 1 },
    ...{ exact_n: 2, think: 0, slice_rows: 50, train_smoothed: 2 },
  };
  const readings = {
    ...{ evaluation, passStart: 90, stepsDone: 10, plannedSteps: 500, heldOut: 50 },
    ...{ cadence: { eval_steps: 50 }, generatesAnswers: true },
  };
  test('both losses, and what the gap is made of', () => {
    const fields = validationFields(readings);
    expect([fields.validation_dataset?.value, fields.validation_fixed?.value]).toEqual([2.5, 3]);
    const { val_train_gap: gap, training_loss_at_evaluation: training } = fields;
    expect((fields.validation_dataset?.value ?? 0) - (training?.value ?? 0)).toBe(gap?.value);
    expect(Object.values(fields.missing ?? {})).toEqual([null, null, null, null]);
  });
  test('an evaluation of an earlier dataset says nothing about this one', () => {
    const fields = validationFields({ ...readings, passStart: 200, stepsDone: 20 });
    expect(fields.validation_dataset).toBeNull();
    expect(fields.missing?.validation_dataset).toBe('first evaluation at step 250');
    expect(fields.validation_fixed?.value).toBe(3);
  });
  test('too few rows, no rows, left out by the budget', () => {
    const few = { ...evaluation, gap: null, slice_rows: 12, exact_n: null };
    expect(validationFields({ ...readings, evaluation: few }).missing).toMatchObject({
      gap: '12 validation rows: too few (min. 20) for a gap',
      exact_match: 'left out by the monitoring budget',
    });
    const none = { ...evaluation, slice_loss: null, gap: null };
    expect(validationFields({ ...readings, evaluation: none }).missing).toMatchObject({
      validation_dataset: 'no rows of this dataset are held out for validation',
      gap: 'no rows of this dataset are held out for validation',
    });
  });
});

test('texts', () => {
  expect(durationRange(30, 50)).toBe('30 to 50\u00a0s');
  expect(durationRange(100, 130)).toBe('2\u00a0min');
  expect(evaluationText({ what: 'answers', done: 4, total: 28 })).toBe('answer 4 of 28');
  expect(exactText({ k: 1, n: 4, low: 0.05, high: 0.7, unfinished: 2, not_asked: 3 })).toBe(
    '1 of 4 (95\u00a0%: 5 to 70\u00a0%), 2 unfinished, 3 not asked (time limit)',
  );
});
