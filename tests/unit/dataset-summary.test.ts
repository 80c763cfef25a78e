/** What the list says of a file while it is validated again. */
import { expect, test } from 'vitest';
import { factoryConfig } from '../../src-main/contract/index.ts';
import type { DatasetRecord } from '../../src-main/engine/datasets/dataset-store.ts';
import { newMeta } from '../../src-main/engine/datasets/meta.ts';
import { summarize } from '../../src-main/engine/datasets/summary.ts';

const question = 'Map columns: choose the prompt column and the response column.';

test('a question that has been answered is not shown while the file is validated again', () => {
  const meta = newMeta({
    ...{ id: 'd', name: 'a.csv', source: 'dropped', added: 1, priority: 'normal' },
    ...{ position: 0, place_hint: 'queue', complete: true },
  });
  const validated = { verdict: 'needs_decision', decision: 'map', message: question, warnings: [] };
  const record = {
    meta: { ...meta, validated },
    ...{ place: 'queue', priority: 'normal', file: 'a.csv', bytes: 1 },
  } as unknown as DatasetRecord;
  expect(summarize(record, null, 0, factoryConfig)).toMatchObject({
    ...{ verdict: 'needs_decision', decision: 'map', message: question },
  });
  const waiting = { progress: null, message: 'waiting for validation' };
  expect(summarize(record, waiting, 0, factoryConfig).message).toBe('waiting for validation');
  const activity = { progress: 0.5, message: null };
  expect(summarize(record, activity, 0, factoryConfig)).toMatchObject({
    ...{ verdict: 'validating', decision: null, message: null },
  });
});
