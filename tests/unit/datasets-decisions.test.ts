/** What a decision about a file changes, and when an earlier one is used. */
import { describe, expect, test } from 'vitest';
import { mappingOf } from '../../src-main/cli/queue-decisions.ts';
import { mappingText, Refusal } from '../../src-main/contract/index.ts';
import { acceptanceOf, rememberedDecision } from '../../src-main/engine/datasets/decisions.ts';
import { requireColumns } from '../../src-main/engine/datasets/mapping-check.ts';
import { type DatasetMeta, newMeta, type Validated } from '../../src-main/engine/datasets/meta.ts';

const validated = (changes: Partial<Validated>): Validated => ({
  ...{ key: 'k', verdict: 'needs_decision', decision: null, message: null, rows: 9, accepted: 9 },
  ...{ rejected: 0, held_out: 0, trained_rows: 9, planned_steps: 1, content_hash: 'c', t: 1 },
  ...{ cache: null, rows_hash: 'r', fields: ['a', 'b'], warnings: [] },
  ...changes,
});
const meta = (id: string, changes: Partial<DatasetMeta>): DatasetMeta => ({
  ...newMeta({
    ...{ id, name: `${id}.jsonl`, source: 'test', added: 1, priority: 'normal', position: 0 },
    ...{ place_hint: 'queue', complete: true },
  }),
  ...changes,
});
const nothing = { thinkBlocks: null, hasNeededFields: false, guess: null, now: 7 };

describe('accepting', () => {
  test('rejected rows, unused fields, think blocks and a second training', () => {
    const of = (decision: Validated['decision'], options: Partial<typeof nothing> = {}) =>
      acceptanceOf(meta('d', { validated: validated({ decision }) }), { ...nothing, ...options });
    expect(of('accept_valid_rows')).toEqual({ accept_valid_rows: true });
    expect(of('unused_fields')).toEqual({ accept_unused_fields: true, decided: 7 });
    expect(of('map_columns', { hasNeededFields: true })).toEqual({
      accept_unused_fields: true,
      decided: 7,
    });
    expect(of('trained_before')).toMatchObject({
      train_again: true,
      validated: { verdict: 'ready', decision: null },
    });
    const think = meta('d', { validated: validated({ decision: 'think_blocks' }) });
    expect(acceptanceOf(think, { ...nothing, thinkBlocks: 'strip' })).toMatchObject({
      thinking: 'off',
    });
    expect(() => of('think_blocks')).toThrow(Refusal);
    expect(() => of('map_columns')).toThrow('not mapped');
  });
});

describe('an earlier decision', () => {
  const mapping = { format: 'text', column: 'a' } as const;
  test('is used for a file with the same fields in any order, the latest first', () => {
    const waiting = validated({ decision: 'map_columns', fields: ['b', 'a'] });
    const others = [
      meta('old', { mapping: { format: 'text', column: 'b' }, decided: 1, validated: waiting }),
      meta('new', { mapping, decided: 2, validated: validated({ verdict: 'ready' }) }),
      meta('other', { mapping, decided: 3, validated: validated({ fields: ['a', 'c'] }) }),
    ];
    expect(rememberedDecision(meta('d', {}), waiting, others)).toEqual({
      mapping,
      decided_as: 'new.jsonl',
    });
    expect(rememberedDecision(meta('d', {}), validated({ fields: ['z'] }), others)).toBeNull();
  });

  test('is not used again where it did not help', () => {
    const waiting = validated({ decision: 'map_columns' });
    const others = [meta('new', { mapping, decided: 2, validated: waiting })];
    expect(rememberedDecision(meta('d', { mapping }), waiting, others)).toBeNull();
  });

  test('holds for think blocks', () => {
    const waiting = validated({ decision: 'think_blocks' });
    const others = [meta('new', { thinking: 'keep', decided: 2, validated: validated({}) })];
    expect(rememberedDecision(meta('d', {}), waiting, others)).toEqual({
      thinking: 'keep',
      decided_as: 'new.jsonl',
    });
  });
});

test('a mapping names only columns that the file has', () => {
  const columns = ['title', 'body', 'kind'];
  const pair = { format: 'columns', prompt: 'Classify: {title} {body}', answer: 'kind' } as const;
  requireColumns({ ...pair, system: 'Be brief.' }, columns);
  requireColumns({ ...pair, answer: '{kind[title]}' }, columns);
  expect(() => {
    requireColumns({ ...pair, answer: 'label' }, columns);
  }).toThrow('no column label');
  expect(() => {
    requireColumns({ ...pair, system: '{who}' }, columns);
  }).toThrow('no column who');
  expect(() => {
    requireColumns({ format: 'text', column: 'text' }, columns);
  }).toThrow('no column text');
});

test('the suggested mapping works as typed: the text of its options gives the same mapping', () => {
  const guess = { format: 'columns', prompt: '{title}\n{body}', answer: 'topic' } as const;
  const [, prompt = ''] = /--question "(.*?)" --answer/.exec(mappingText(guess)) ?? [];
  const typed = { question: prompt, answer: 'topic', guess: false, preview: false };
  expect(mappingOf(typed, null)).toEqual(guess);
});
