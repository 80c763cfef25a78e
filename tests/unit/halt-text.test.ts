import { expect, test } from 'vitest';
import { missingText, type UnsavedSteps, unsavedText } from '../../src-main/contract/index.ts';
import { type HaltFacts, haltText } from '../../src-main/engine/queue/halt-text.ts';

const unsaved: UnsavedSteps = {
  step: 128,
  saved_step: 100,
  reason: 'the disk is full',
  free_bytes: 3_600_000,
  needed_bytes: 16_000_000,
};
const facts: HaltFacts = {
  verb: 'Paused',
  wasBusy: true,
  dataset: 'a.jsonl',
  step: 128,
  saved: 128,
  unsaved: null,
};

test('what is missing is named in a unit that can be read', () => {
  expect(unsavedText(unsaved)).toBe(
    "step 100 is safe; step 128 isn't saved: the disk is full, 12.4\u00a0MB more are needed",
  );
  expect(missingText({ free_bytes: 900, needed_bytes: 1000 })).toBe(
    ', 100\u00a0bytes more are needed',
  );
  expect(missingText({ free_bytes: 2000, needed_bytes: 1000 })).toBe('');
  expect(missingText({ free_bytes: null, needed_bytes: 1000 })).toBe('');
  expect(unsavedText({ ...unsaved, saved_step: null })).toContain('nothing is saved yet');
});

const texts: readonly (readonly [string, Partial<HaltFacts>, string])[] = [
  ['saved', {}, 'Paused at step 128, saved.'],
  [
    'idle',
    { wasBusy: false, dataset: null, step: null, saved: 28 },
    'Paused. Nothing was being trained.',
  ],
  [
    'between two attempts',
    { wasBusy: false, step: null, saved: 100 },
    'Paused. a.jsonl continues from step 100.',
  ],
  [
    'before the first step',
    { step: null, saved: null },
    'Paused. a.jsonl continues from its start.',
  ],
  [
    'killed before it could save',
    { saved: 100 },
    "Paused. 28 steps after step 100 couldn't be saved and will be trained again.",
  ],
  [
    'nothing saved yet',
    { verb: 'Stopped', step: 1, saved: null },
    "Stopped. 1 step after its start couldn't be saved and will be trained again.",
  ],
];
test.each(texts)('a halt says which step is safe: %s', (_name, change, text) => {
  expect(haltText({ ...facts, ...change })).toBe(text);
});

test('a halt that could not save never claims a checkpoint', () => {
  const text = haltText({ ...facts, saved: 100, unsaved });
  expect(text).toContain("Paused, but step 100 is safe; step 128 isn't saved");
  expect(text).toContain('nightshift stop --discard');
});
