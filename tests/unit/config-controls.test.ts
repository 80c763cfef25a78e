/** Form controls and validation of settings, derived from the schema. */
import { expect, test } from 'vitest';
import {
  controlOf,
  describeKeys,
  factoryConfig,
  problemOf,
  typedValue,
} from '../../src-main/contract/index.ts';
import { pendingOf, textOf, titleOf, valueAt } from '../../src-renderer/rooms/config/edits.ts';

test('every setting has a control, and its default value survives conversion to text and back', () => {
  for (const { key, factory } of describeKeys()) {
    const control = controlOf(key);
    expect(valueAt(factoryConfig, key), key).toEqual(factory);
    expect(problemOf(key, factory), key).toBeNull();
    const back =
      control.kind === 'switch' ? textOf(factory) === 'on' : typedValue(control, textOf(factory));
    expect(back, key).toEqual(factory);
  }
});

test.each([
  ['batch_size', 0, 'must be at least 1'],
  ['batch_size', 1.5, 'must be a whole number'],
  ['batch_size', 'many', 'must be a number'],
  ['weight_decay', 2, 'must be at most 1'],
  ['max_grad_norm', 0, 'must be more than 0'],
  ['micro_batch', 'fast', 'must be auto or a number'],
  ['precision', 'fp8', 'must be one of auto, bf16, fp32'],
  ['model_name', '', "can't be empty"],
  ['device', 'gpu', "invalid format; see the setting's help"],
  ['no_such_key', 1, 'there is no setting no_such_key'],
])('%s = %j: %s', (key, value, problem) => {
  expect(problemOf(key, value)).toBe(problem);
});

test('parses numbers with separators and exponents', () => {
  const number = controlOf('max_length');
  expect(typedValue(number, ' 8,192 ')).toBe(8192);
  expect(typedValue(number, '2e3')).toBe(2000);
  expect(typedValue(number, '')).toBe('');
  expect(typedValue(controlOf('micro_batch'), 'auto')).toBe('auto');
  expect(typedValue(controlOf('model_name'), ' 12 ')).toBe('12');
  expect(textOf(2e-4)).toBe('2e-4');
  expect(titleOf('watchdog.restart_limit')).toBe('Restart limit');
});

test('lists only changed settings; a locked one is staged, a staged one is compared with the staged value', () => {
  const state = {
    values: factoryConfig,
    locks: { batch_size: 'a.jsonl is being trained with 16.' },
    staged: { batch_size: 32 },
  };
  expect(pendingOf({ batch_size: '32', epochs: '1' }, state)).toEqual([]);
  expect(pendingOf({ batch_size: '16', max_length: '8192', packing: 'off' }, state)).toEqual([
    { key: 'batch_size', before: 32, after: 16, problem: null, staged: true, consent: null },
    {
      key: 'max_length',
      before: 4096,
      after: 8192,
      problem: null,
      staged: false,
      consent: expect.stringContaining('re-validated') as string,
    },
    { key: 'packing', before: true, after: false, problem: null, staged: false, consent: null },
  ]);
  expect(pendingOf({ epochs: '0' }, state)[0]?.problem).toBe('must be at least 1');
});
