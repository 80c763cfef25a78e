/** The glossary and the guide have one source: the lists in the contract. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  GLOSSARY,
  GUIDE,
  findTopics,
  glossaryMarkdown,
  guideMarkdown,
} from '../../src-main/contract/index.ts';

test('docs/glossary.md and docs/guide.md are what scripts/write-docs.mjs writes', () => {
  const read = (name: string): string =>
    readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');
  expect(read('glossary.md')).toBe(glossaryMarkdown());
  expect(read('guide.md')).toBe(guideMarkdown());
});

test('every topic of the guide is found in Help by its name', () => {
  for (const { id, title } of GUIDE) expect(findTopics(id)[0]).toMatchObject({ id, title });
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
