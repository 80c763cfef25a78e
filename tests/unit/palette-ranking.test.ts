/** What the command palette puts first. */
import { expect, test } from 'vitest';
import { rankOf } from '../../src-renderer/app/command-ranking.ts';

const names = [
  'Compare two versions',
  'Create version',
  'Restore v001_opening',
  'Open Dashboard',
  'Open Models',
  'Stop…',
  'Verify checkpoints',
];
const found = (search: string): readonly string[] =>
  names
    .map((name, place) => ({ name, place, rank: rankOf(name, search) }))
    .filter((name) => name.rank > 0)
    .sort((a, b) => b.rank - a.rank || a.place - b.place)
    .map((name) => name.name);

test('a beginning comes before what stands inside a word, and scattered singleKeyShortcuts are no answer', () => {
  expect(found('open')).toEqual(['Open Dashboard', 'Open Models', 'Restore v001_opening']);
  expect(found('ver')).toEqual(['Verify checkpoints', 'Compare two versions', 'Create version']);
});

test('words are found in any order, those in the typed order first', () => {
  expect(found('two ver')).toEqual(['Compare two versions']);
  expect(found('ver two')).toEqual(['Compare two versions']);
  expect(rankOf('Compare two versions', 'two ver')).toBeGreaterThan(
    rankOf('Compare two versions', 'ver two'),
  );
  // One word of the name does not answer two typed ones in order.
  expect(rankOf('Stop…', 'stop st')).toBeLessThan(0.8);
});

test('signs and case do not matter, nothing typed leaves all, nonsense leaves none', () => {
  expect(found('STOP with')).toEqual(['Stop…']);
  expect(found('  ')).toEqual(names);
  expect(found('xid')).toEqual([]);
});
