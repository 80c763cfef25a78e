/** The glossary has one source: the list in the contract. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GLOSSARY, findTopics, glossaryMarkdown } from '../../src-main/contract/index.ts';

test('docs/glossary.md is what scripts/write-glossary.mjs writes', () => {
  const path = join(import.meta.dirname, '../../docs/glossary.md');
  expect(readFileSync(path, 'utf8')).toBe(glossaryMarkdown());
});

test('it has at most 25 terms, each once and in one sentence', () => {
  const terms = GLOSSARY.map((entry) => entry.term);
  expect(terms.length).toBeLessThanOrEqual(25);
  expect(new Set(terms).size).toBe(terms.length);
  for (const { term, meaning } of GLOSSARY) expect(meaning, term).toMatch(/^[A-Z][^.]*\.$/);
});

test('every term is a help topic', () => {
  for (const { term } of GLOSSARY)
    expect(
      findTopics(term).map((topic) => topic.title),
      term,
    ).toContain(term);
});
