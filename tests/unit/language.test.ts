/** Promise 9: the program states facts. Reads every text of the program, TypeScript and Python, and looks for words that praise, advise or shout. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const repository = path.resolve(import.meta.dirname, '../..');
const banned =
  /\b(recommend\w*|should|excellent|perfect\w*|great|best|awesome|amazing|oops|please|sorry|unfortunately|simply|just)\b|[A-Za-z]!(\s|$)/i;

interface Text {
  readonly line: number;
  readonly text: string;
  /** It stands on the screen as it is: one word of it is a text, too. */
  readonly shown?: boolean;
}

/** Every string, template part and JSX text of a TypeScript file, with its line. */
function textsOf(file: string): Text[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(file, 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const out: Text[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    if (ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node) || ts.isJsxText(node))
      out.push({
        line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1,
        text: node.text,
        shown: ts.isJsxText(node),
      });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return out;
}

/** String literals of a Python file without its doc comments (those begin a line). */
function pythonTextsOf(file: string): Text[] {
  const source = readFileSync(file, 'utf8').replace(/^\s*[rf]?"""[\s\S]*?"""/gm, (doc) =>
    doc.replace(/[^\n]/g, ' '),
  );
  return source.split('\n').flatMap((content, index) =>
    [...content.replace(/(^|\s)#.*$/, '').matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => ({
      line: index + 1,
      text: match[1] ?? '',
    })),
  );
}

/** A text for a person has at least two words; keys, paths and code do not. */
const isSentence = (text: string): boolean => /[A-Za-z]{2,}[ ,][A-Za-z]/.test(text);

test('the word list finds what it is for', () => {
  expect(banned.test('You should restart')).toBe(true);
  expect(banned.test('Done!')).toBe(true);
  expect(banned.test('Row 12 has no answer.')).toBe(false);
});

test('it reads what stands on a screen, in a notice, in the help of a command, and what Python says', () => {
  const at = (file: string): string => path.join(repository, file);
  const says = (texts: readonly Text[], part: string): boolean =>
    texts.some((text) => text.text.replaceAll(/\s+/g, ' ').includes(part));
  expect(
    says(textsOf(at('src-renderer/rooms/settings/desktop.tsx')), 'starting at login and'),
  ).toBe(true);
  expect(says(textsOf(at('src-main/engine/notices/trainer-messages.ts')), 'Restarting from')).toBe(
    true,
  );
  expect(says(textsOf(at('src-main/cli/health.ts')), 'run every check now')).toBe(true);
  expect(says(textsOf(at('src-main/contract/crashes.ts')), 'the GPU ran out of memory')).toBe(true);
  expect(says(pythonTextsOf(at('python-runtime/nightshift_trainer/__main__.py')), 'usage:')).toBe(
    true,
  );
});

test('no text of the program praises, advises or shouts', () => {
  const files = [
    ...globSync('src-*/**/*.{ts,tsx}', { cwd: repository }),
    ...globSync('scripts/**/*.mjs', { cwd: repository }),
  ];
  // The starter's own words are its training data, not the program's text.
  const python = globSync('python-runtime/nightshift_trainer/**/*.py', { cwd: repository }).filter(
    (file) => !file.endsWith('starter_text.py'),
  );
  expect(files.length).toBeGreaterThan(50);
  expect(python.length).toBeGreaterThan(10);
  const found = [
    ...files.flatMap((file) =>
      textsOf(path.join(repository, file)).map((entry) => ({ file, ...entry })),
    ),
    ...python.flatMap((file) =>
      pythonTextsOf(path.join(repository, file)).map((entry) => ({ file, ...entry })),
    ),
  ]
    .filter((entry) => (entry.shown === true || isSentence(entry.text)) && banned.test(entry.text))
    .map((entry) => `${entry.file}:${entry.line} ${entry.text.trim().slice(0, 120)}`);
  expect(found).toEqual([]);
});
