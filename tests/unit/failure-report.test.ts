/** The same failure, over and over, must not flood the journal. */
import { expect, test } from 'vitest';
import { createFailureReport } from '../../src-main/engine/composition/index.ts';
import type { Journal } from '../../src-main/engine/journal/index.ts';

test('the same failure is reported once a minute, with how often it was held back', () => {
  const texts: string[] = [];
  let now = 0;
  const journal = { write: ({ text }: { text: string }) => texts.push(text) };
  const failed = createFailureReport(
    journal as unknown as Journal,
    { monotonic: () => now },
    () => undefined,
  );
  for (; now < 60; now += 0.25) failed('status.write', new Error('ENOSPC'));
  expect(texts).toEqual(['status.write: ENOSPC']);
  failed('notices.save', new Error('ENOSPC'));
  expect(texts.at(-1)).toBe('notices.save: ENOSPC');
  failed('status.write', new Error('ENOSPC'));
  expect(texts.at(-1)).toBe('status.write: ENOSPC (239 more times since the last report)');
  now += 120;
  failed('status.write', new Error('ENOSPC'));
  expect(texts.at(-1)).toBe('status.write: ENOSPC');
});

test('issue 11, 6: names of temporary files make no new failure of each attempt', () => {
  const texts: string[] = [];
  const journal = { write: ({ text }: { text: string }) => texts.push(text) };
  const failed = createFailureReport(
    journal as unknown as Journal,
    { monotonic: () => 0 },
    () => undefined,
  );
  for (let serial = 0; serial < 200; serial += 1)
    failed(
      'status.write',
      new Error(
        `EMFILE: too many open files, open '/w/.a.7.${(serial * 0x5bd1e995).toString(16).padStart(12, '0')}.tmp'`,
      ),
    );
  expect(texts).toHaveLength(1);
});
