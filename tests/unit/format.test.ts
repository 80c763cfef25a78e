import { describe, expect, test } from 'vitest';
import * as format from '../../src-main/contract/format.ts';
import * as terminal from '../../src-main/cli/format.ts';
import { stems } from '../../src-renderer/kit/format.ts';
import { render } from '../../src-main/cli/output/screen.ts';

/** A no-break space is written as `_`. */
const shown = (text: string): string => text.replaceAll('\u00a0', '_');

describe('numbers in every text', () => {
  test.each<readonly [string, string]>([
    [format.count(48_213), '48,213'],
    [format.count(-1234.4), '−1,234'],
    [format.count(-0.2), '0'],
    [format.decimal(1234.5, 2), '1,234.50'],
    [format.loss(0.0346), '0.035'],
    [format.signed(0.0346), '+0.035'],
    [format.signed(-0.0124), '−0.012'],
    [format.signed(0), '0.000'],
    [format.percent(61.84), '61.8_%'],
    [format.percent(95, 0), '95_%'],
    [format.bytes(0), '0_bytes'],
    [format.bytes(999), '999_bytes'],
    [format.bytes(1000), '1.0_kB'],
    [format.bytes(412_600_000), '412.6_MB'],
    [format.bytes(999_960_000), '1.0_GB'],
    [format.bytes(100e9), '100_GB'],
    [format.bytes(7.2e12), '7.2_TB'],
    [format.gigabytes(59), '59.0_GB'],
    [format.memory(17_818), '17.4_GB'],
    [format.duration(-1), '0.0_s'],
    [format.duration(4.5), '4.5_s'],
    [format.duration(9.96), '10_s'],
    [format.duration(59.6), '1_min'],
    [format.duration(192), '3_min'],
    [format.duration(5160), '1_h 26_min'],
    [format.duration(7200), '2_h'],
    [format.duration(86_400 * 9 + 3600 * 3), '9_d 3_h'],
    [format.plural(1, 'row'), '1 row'],
    [format.plural(2300, 'row'), '2,300 rows'],
    [format.plural(2, 'entry', 'entries'), '2 entries'],
  ])('%j', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });
});

test('a terminal gets plain spaces and a word for what is unknown', () => {
  expect(terminal.bytes(1_500_000)).toBe('1.5 MB');
  expect(terminal.duration(7500)).toBe('2 h 5 min');
  expect(terminal.duration(null)).toBe('unknown');
  expect(terminal.count(undefined)).toBe('unknown');
  expect(terminal.decimal(Number.NaN)).toBe('unknown');
  expect(
    render(
      terminal.table(
        ['name', 'size'],
        [
          ['a', '412 bytes'],
          ['b', '1.5 MB'],
        ],
      ),
      { columns: null, color: false },
    ),
  ).toBe('name       size\na     412 bytes\nb        1.5 MB\n');
});

test('names are shortened to their stem unless two files would have the same name', () => {
  const short = stems(['train.jsonl', 'faq.csv', 'train.csv', 'train.jsonl']);
  expect(['train.jsonl', 'train.csv', 'faq.csv'].map(short)).toEqual([
    ...['train.jsonl', 'train.csv', 'faq'],
  ]);
});
