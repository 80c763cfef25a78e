/** What is generated from src-main/formats is what the formats say today. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
  generatedFiles,
  PROTOCOL_DOCUMENT,
  SCHEMA_FOLDER,
} from '../../src-main/formats/generate/index.ts';

const root = path.join(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const files = generatedFiles(read(PROTOCOL_DOCUMENT));
const help = 'Run: node scripts/generate-formats.mjs (with Node 24)';

test.each([...files.keys()])('%s is up to date', (file) => {
  expect(read(file), help).toBe(files.get(file));
});

test('no schema is left of a format that does not exist', () => {
  const expected = [...files.keys()].filter((file) => file.startsWith(`${SCHEMA_FOLDER}/`));
  const found = readdirSync(path.join(root, SCHEMA_FOLDER)).map(
    (name) => `${SCHEMA_FOLDER}/${name}`,
  );
  expect(found.sort(), help).toEqual(expected.sort());
});

test('every block of docs/protocol.md is generated', () => {
  const protocol = read(PROTOCOL_DOCUMENT);
  const begins = protocol.match(/<!-- generated: [a-z-]+ -->/g) ?? [];
  const ends = protocol.match(/<!-- end -->/g) ?? [];
  expect(begins.length).toBeGreaterThan(20);
  expect(ends).toHaveLength(begins.length);
});
