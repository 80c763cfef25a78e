/** Ranking of the command palette. */
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
    .map((name, index) => ({ name, index, rank: rankOf(name, search) }))
    .filter((match) => match.rank > 0)
    .sort((a, b) => b.rank - a.rank || a.index - b.index)
    .map((match) => match.name);

test('matches at the start of a name come before matches inside it; scattered letters do not match', () => {
  expect(found('open')).toEqual(['Open Dashboard', 'Open Models', 'Restore v001_opening']);
  expect(found('ver')).toEqual(['Verify checkpoints', 'Compare two versions', 'Create version']);
});

test('matches words in any order, the typed order first', () => {
  expect(found('two ver')).toEqual(['Compare two versions']);
  expect(found('ver two')).toEqual(['Compare two versions']);
  expect(rankOf('Compare two versions', 'two ver')).toBeGreaterThan(
    rankOf('Compare two versions', 'ver two'),
  );
  // One word of the name must not count as an ordered match of two typed words.
  expect(rankOf('Stop…', 'stop st')).toBeLessThan(0.8);
});

test('ignores punctuation and case; an empty query matches everything, nonsense nothing', () => {
  expect(found('STOP')).toEqual(['Stop…']);
  expect(found('  ')).toEqual(names);
  expect(found('xid')).toEqual([]);
});
