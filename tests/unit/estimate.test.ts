/** The estimate's formula on recorded shapes, how lengths become micro-batches, and how estimates are compared with what happened. */
import { describe, expect, test } from 'vitest';
import { factoryConfig, type KeptEstimate, verdictOf } from '../../src-main/contract/index.ts';
import { estimateOf, fittingOf, levelsOf } from '../../src-main/engine/estimate/estimate.ts';
import { layoutOf, lengthsOf, longestLengths } from '../../src-main/engine/estimate/lengths.ts';
import { activationsPerToken, memoryOf } from '../../src-main/engine/estimate/memory.ts';
import {
  overLongChoice,
  currentOption,
  optionsFor,
} from '../../src-main/engine/estimate/over-long.ts';
import { compareText, decidePace, decideRecord } from '../../src-main/engine/estimate/record.ts';
import { shapeOf } from '../../src-main/engine/estimate/shape.ts';

const qwen = {
  model_type: 'qwen3',
  hidden_size: 1024,
  num_hidden_layers: 28,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  head_dim: 128,
  intermediate_size: 3072,
  vocab_size: 151_936,
  tie_word_embeddings: true,
};
const smollm2 = {
  model_type: 'llama',
  hidden_size: 576,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  intermediate_size: 1536,
  vocab_size: 49_152,
  tie_word_embeddings: true,
};
const shape = (raw: object) => {
  const found = shapeOf(raw, null);
  if (found === null) throw new Error('no shape');
  return found;
};
const facts = {
  shape: shape(qwen),
  device: 'gpu' as const,
  threads: 8,
  totalMemory: 24 * 2 ** 30,
  checkpointBytes: 7.2e9,
  checkpointsNow: 0,
  room: 100e9,
  pace: null,
};
const report = {
  trained_rows: 1000,
  record_format: 'messages',
  accepted: 1000,
  rejected: { total: 0, by_reason: {}, first: [] },
  over_length: 0,
  over_length_answer_lost: 0,
  trained_token_share: 0.4,
  lengths: {
    prompt: { p5: 0, p50: 0, p95: 0, p99: 0, max: 0, histogram: [] },
    answer: { p5: 0, p50: 0, p95: 0, p99: 0, max: 0, histogram: [] },
    whole: {
      p5: 10,
      p50: 60,
      p95: 150,
      p99: 190,
      max: 199,
      histogram: [
        { from: 0, to: 100, count: 900 },
        { from: 100, to: 200, count: 100 },
      ],
    },
  },
};
const bf16 = { ...factoryConfig, precision: 'bf16' as const };
const dataset = (config = bf16) => ({
  lengths: lengthsOf(report, config) ?? longestLengths(config),
  heldOutRows: 40,
  isReal: true,
  steps: null,
  hasCache: true,
});

describe('the architecture of a base model', () => {
  test('parameters are counted as transformers counts them', () => {
    expect(shape(qwen).parameters).toBe(596_049_920);
    expect(shape(smollm2).parameters).toBe(134_515_008);
  });
  test('another kind of model has no shape', () => {
    expect(shapeOf({ model_type: 'bert' }, 1)).toBeNull();
    expect(shapeOf(null, null)).toBeNull();
  });
});

describe('lengths and layout', () => {
  test('rows over a smaller max_length are counted within the bin', () => {
    const lengths = lengthsOf(report, { max_length: 149, over_length: 'drop' });
    expect(lengths?.over).toBe(50);
    expect(lengths?.rows).toBe(950);
    expect(lengthsOf(report, { max_length: 149, over_length: 'truncate' })?.rows).toBe(1000);
    expect(lengthsOf(report, { max_length: 200, over_length: 'refuse' })?.over).toBe(0);
  });
  test('rows that were already rejected for their length are not subtracted twice', () => {
    const validated = {
      ...report,
      accepted: 950,
      trained_rows: 931,
      rejected: { total: 50, by_reason: { over_length: 50 }, first: [] },
      over_length: 50,
      over_length_answer_lost: 10,
    };
    const rows = (max_length: number, over_length: 'drop' | 'truncate'): number | undefined =>
      lengthsOf(validated, { max_length, over_length })?.rows;
    // 2 % are held out of whatever is accepted.
    expect(rows(149, 'drop')).toBe(931);
    expect(rows(149, 'truncate')).toBe(970);
    expect(rows(200, 'drop')).toBe(980);
  });
  test('a raw text is split into examples: no row is lost, and all tokens are trained', () => {
    const text = { ...report, record_format: 'text' };
    const lengths = lengthsOf(text, { max_length: 60, over_length: 'drop' });
    expect(lengths).toMatchObject({ rows: 1000, over: 0, longest: 60 });
    expect(lengths?.mean).toBe(lengthsOf(text, { max_length: 4096, over_length: 'drop' })?.mean);
  });
  test('micro-batches: a token budget with packing, one example without, at most micro_batch examples', () => {
    const lengths = dataset().lengths;
    expect(layoutOf({ ...bf16, batch_size: 400 }, lengths).largest).toBe(4096);
    expect(layoutOf({ ...bf16, packing: false }, lengths)).toMatchObject({
      largest: 199,
      parts: 16,
    });
    expect(layoutOf({ ...bf16, micro_batch: 2 }, lengths)).toMatchObject({
      largest: 398,
      parts: 8,
    });
    const long = longestLengths({ max_length: 8192 });
    expect(layoutOf(bf16, long)).toMatchObject({ largest: 8192, parts: 32 });
  });
  test('with one long row, short rows still store their attention weights', () => {
    const { whole } = report.lengths;
    const withOne = {
      ...report,
      lengths: {
        ...report.lengths,
        whole: {
          ...whole,
          max: 899,
          histogram: [...whole.histogram, { from: 800, to: 900, count: 10 }],
        },
      },
    };
    const limit = { max_length: 4096, over_length: 'drop' } as const;
    const lengths = lengthsOf(withOne, limit);
    expect(lengths?.plainShare).toBeCloseTo(0.875, 2);
    const table = (share: number): number =>
      activationsPerToken(shape(smollm2), 'bf16', 899, share);
    expect(table(0.875) - table(0)).toBe(0.875 * 9 * 512 * 6);
    expect(lengthsOf(report, limit)?.plainShare).toBe(1);
  });
});

describe('rows that are too long', () => {
  const long = {
    ...report,
    accepted: 900,
    trained_rows: 900,
    rejected: { total: 100, by_reason: { over_length: 100 }, first: [] },
    verdict: 'refused' as const,
    over_length: 100,
    over_length_answer_lost: 20,
    max_length_loses_nothing: 199,
  };
  const limit = { max_length: 99, over_length: 'refuse' as const };
  const costs = optionsFor(long, limit).map((option) =>
    overLongChoice(long, limit, option, estimateOf(bf16, facts, dataset())),
  );

  test('three options, each with the setting to change', () => {
    expect(
      costs.map(({ option, key, value, max_length }) => [option, key, value, max_length]),
    ).toEqual([
      ['drop', 'over_length', 'drop', 99],
      ['truncate', 'over_length', 'truncate', 99],
      ['raise', 'max_length', 199, 199],
    ]);
    // What may not be set is not offered.
    expect(
      optionsFor({ ...long, max_length_loses_nothing: 200_000 }, limit).map(
        (option) => option.option,
      ),
    ).toEqual(['drop', 'truncate']);
  });
  test('rows kept and lost add up to the readable rows', () => {
    expect(costs.map((cost) => [cost.rows_kept, cost.rows_lost])).toEqual([
      [900, 100],
      [980, 20],
      [1000, 0],
    ]);
  });
  test('trained tokens lost: whole answers of dropped rows, the end of truncated ones', () => {
    // 100 rows of 100 to 199 tokens, 149.5 on average, 40 % of them trained: 5,980; behind 99 lie 5,050.
    expect(costs.map((cost) => cost.trained_tokens_lost)).toEqual([5980, 5236, 0]);
    const without = { ...long, lengths: null };
    const [drop] = optionsFor(without, limit);
    if (drop === undefined) throw new Error('no option');
    const choice = overLongChoice(without, limit, drop, estimateOf(bf16, facts, dataset()));
    expect(choice.trained_tokens_lost).toBeNull();
  });
  test('what currently happens to them', () => {
    expect(currentOption(long, limit)).toBeNull();
    expect(currentOption({ ...long, verdict: 'ready' }, limit)).toBe('drop');
    expect(currentOption(long, { ...limit, over_length: 'drop' })).toBe('drop');
    expect(currentOption(long, { ...limit, over_length: 'truncate' })).toBe('truncate');
  });
});

describe('memory', () => {
  // Counted by autograd's own hook over what is saved for the backward pass, without the table of the head's gradient.
  test.each([
    ['bf16', 128, 40_621 - 7_373],
    ['fp32', 128, 67_260 - 14_745],
    ['fp32', 1024, 53_868 - 3_686],
  ] as const)(
    'what a layer of SmolLM2 keeps of a token, %s at %i',
    (precision, longest, counted) => {
      expect(
        activationsPerToken(shape(smollm2), precision, longest, longest <= 512 ? 1 : 0) / counted,
      ).toBeCloseTo(1, 1);
    },
  );
  test('weights, bf16 weights, optimizer states and gradients follow from the parameters', () => {
    const { parts, bytes } = memoryOf({
      shape: facts.shape,
      precision: 'bf16',
      device: 'gpu',
      layout: layoutOf(bf16, longestLengths({ max_length: 4096 })),
      trainedShare: 0.5,
    });
    const at = (name: string) => parts.find((part) => part.part === name)?.bytes ?? 0;
    const { parameters } = facts.shape;
    expect(at('weights')).toBe(4 * parameters);
    expect(at('bf16_weights')).toBe(2 * parameters);
    expect(at('optimizer_states')).toBe(8 * parameters);
    expect(at('gradients')).toBeGreaterThanOrEqual(4 * parameters);
    expect(bytes).toBe(parts.reduce((sum, part) => sum + part.bytes, 0));
  });
  test('Qwen3-0.6B at 4096 tokens fits a 24 GB GPU at every batch size', () => {
    const whole = { ...dataset(), lengths: longestLengths({ max_length: 4096 }), isReal: false };
    const levels = levelsOf(bf16, facts, whole);
    expect(levels.map((level) => level.batch_size)).toEqual([16, 24, 30, 40]);
    for (const level of levels) expect(level.verdict).not.toBe('too_large');
    // The trainer works through the batch in parts: a larger one takes longer, not more memory.
    expect(new Set(levels.map((level) => level.memory)).size).toBe(1);
    expect(levels[3]?.seconds_per_step).toBeGreaterThan((levels[0]?.seconds_per_step ?? 0) * 2);
  });
  test('when the settings do not fit, the largest micro-batch that does is returned', () => {
    const small = { ...facts, totalMemory: 18 * 2 ** 30 };
    const many = { ...bf16, batch_size: 64 };
    const found = fittingOf(many, small, dataset(many));
    expect(found?.micro_batch).toBeLessThan(64);
    expect(found?.memory).toBeLessThan(0.75 * small.totalMemory);
    expect(found?.slower).toBeGreaterThan(0);
    expect(fittingOf(many, { ...facts, totalMemory: 80 * 2 ** 30 }, dataset(many))).toBeNull();
    expect(fittingOf(many, { ...facts, totalMemory: 2 ** 30 }, dataset(many))).toBeNull();
  });
  test('fp32 needs more than bf16, a smaller micro-batch less', () => {
    const of = (config: typeof bf16) => estimateOf(config, facts, dataset(config)).memory.bytes;
    const many = { ...bf16, batch_size: 64 };
    expect(of({ ...many, micro_batch: 4 } as never)).toBeLessThan(of(many));
    expect(of({ ...many, precision: 'fp32' } as never)).toBeGreaterThan(of(many));
  });
  test.each([
    [75, 'fits'],
    [76, 'tight'],
    [100, 'tight'],
    [101, 'too_large'],
  ] as const)('%i of 100 %s', (bytes, verdict) => {
    expect(verdictOf(bytes, 100)).toBe(verdict);
    expect(verdictOf(bytes, null)).toBeNull();
  });
});

test('steps are counted as in the trainer; time grows with steps, disk with checkpoints', () => {
  const estimate = estimateOf(bf16, facts, dataset());
  expect(estimate.steps).toBe(63);
  const two = estimateOf({ ...bf16, epochs: 2 }, facts, dataset());
  expect(two.steps).toBe(126);
  expect(two.time.seconds).toBeGreaterThan(estimate.time.seconds ?? 0);
  expect(estimate.disk.bytes).toBe(4 * 7.2e9 + facts.shape.parameters * 4);
  expect(estimateOf({ ...bf16, keep_checkpoints: 20 }, facts, dataset()).disk.verdict).toBe(
    'too_large',
  );
  expect(estimate.time.certainty).toBe('reference');
  const measured = estimateOf(bf16, { ...facts, pace: 2 }, dataset());
  expect(measured.time.seconds_per_step).toBeCloseTo(2 * estimate.time.seconds_per_step, 9);
  expect(measured.time.certainty).toBe('measured');
});

describe('the accuracy of estimates', () => {
  const kept = (pass: string, seconds: number, pace: number): KeptEstimate => ({
    format: 1,
    pass,
    t: Number(pass),
    base: 'b',
    device: 'cpu',
    precision: 'bf16',
    predicted: {
      steps: 10,
      seconds: 100,
      seconds_per_step: 1,
      reference_seconds_per_step: 0.5,
      certainty: 'reference',
      memory: 1000,
    },
    actual: {
      ...{ steps: 10, repeated_steps: 0, seconds },
      ...{ seconds_per_step: 0.5 * pace, memory: 950 },
    },
  });
  const all = ['1', '2', '3', '4', '5', '6'].map((pass, at) => kept(pass, 500 - at * 80, 1 + at));
  test('the relative errors of the last five', () => {
    const { count, time, memory } = decideRecord(all);
    expect(count).toBe(5);
    expect(time?.least).toBeCloseTo(0, 9);
    expect(time?.most).toBeCloseTo(3.2, 9);
    expect(memory?.least).toBeCloseTo(-0.05, 9);
    expect(decideRecord([])).toEqual({ count: 0, time: null, memory: null });
  });
  test('the pace is the median of passes with the same base, device and precision', () => {
    const paceOf = (base: string, precision: 'bf16' | 'fp32') =>
      decidePace(all, { base, device: 'cpu', precision });
    expect(paceOf('b', 'bf16').pace).toBe(4);
    expect(paceOf('b', 'fp32').pace).toBeNull();
    expect(paceOf('other', 'bf16').pace).toBeNull();
  });
  test('the journal text compares time and memory', () => {
    expect(compareText('a.jsonl', kept('1', 120, 1))).toBe(
      'a.jsonl: 10 steps took 2\u00a0min, estimated 2\u00a0min; peak memory 950\u00a0bytes, estimated 1.0\u00a0kB.',
    );
  });
});
