/** The recipes in CONTRIBUTING.md name files and commands that exist. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { repository } from './repository-texts.ts';

const RECIPES = [
  'Add a setting',
  'Add a screen',
  'Add a command',
  'Add a record format',
  'Add a crash category',
  'Add a base model',
];

const read = (file: string): string => readFileSync(path.join(repository, file), 'utf8');
const document = read('CONTRIBUTING.md');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
/** The names of the checks and suites of `npm test`. */
const testParts = new Set(
  [...read('scripts/test.mjs').matchAll(/(?:check|suite)\(\s*'([^']+)'|name: '([^']+)'/g)].map(
    ([, called, named]) => called ?? named,
  ),
);

const sections = (/^## Recipes\n(.*)/ms.exec(document)?.[1] ?? '').split(/^### /m).slice(1);
const recipes = new Map(
  sections.map((section) => {
    const [title = '', ...lines] = section.split('\n');
    return [title, lines.join('\n').trim()] as const;
  }),
);

/** Numbered steps, each with its continuation lines. */
const stepsOf = (text: string): readonly string[] =>
  text
    .split(/^\d+\. /m)
    .slice(1)
    .map((step) => step.split('\n\n')[0] ?? '');

const codeIn = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

/** Paths, and the scripts in commands: everything with a slash or a file extension. */
const pathsIn = (text: string): readonly string[] =>
  codeIn(text)
    .flatMap((code) => code.split(/\s+/))
    .filter((word) => /\/|^[\w-]+\.(json|md|mjs|cjs|js|yml)$/.test(word));

/** Why a command can't be run; null if it can. */
function problemOf(command: string): string | null {
  const [, isRun, name = '', options = ''] =
    /^npm (run )?([\w:]+)(?: -- (.+))?$/.exec(command) ?? [];
  if (name === '' || scripts[name] === undefined || (isRun === undefined && name !== 'test'))
    return `package.json has no script for ${command}`;
  if (options === '') return null;
  const parts = /^--only (.+)$/.exec(options)?.[1]?.split(',') ?? [];
  if (name !== 'test' || parts.length === 0) return `unknown options: ${options}`;
  const unknown = parts.find((part) => !testParts.has(part));
  return unknown === undefined ? null : `npm test has no part ${unknown}`;
}

test('finds commands that do not exist', () => {
  for (const args of ['run tests', 'types', 'test -- --only unit,nothing', 'test -- --except unit'])
    expect(problemOf(`npm ${args}`), args).not.toBeNull();
  for (const args of ['test', 'run types', 'test -- --only types,unit,pytest'])
    expect(problemOf(`npm ${args}`), args).toBeNull();
  expect(problemOf('make test')).not.toBeNull();
});

test('every recipe is there', () => {
  expect([...recipes.keys()]).toEqual(RECIPES);
});

describe.each(RECIPES)('%s', (title) => {
  const text = recipes.get(title) ?? '';
  const steps = stepsOf(text);

  test('every step starts with a file, and every file exists', () => {
    expect(steps.length).toBeGreaterThan(3);
    for (const step of steps) expect(step, step).toMatch(/^`[^`\s]+`/);
    const missing = steps
      .flatMap(pathsIn)
      .filter((file) => !existsSync(path.join(repository, file)));
    expect(missing).toEqual([]);
  });

  test('the steps are numbered from 1 without gaps', () => {
    const numbers = [...text.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(steps.map((_, index) => index + 1));
  });

  test('ends with a command that exists', () => {
    const command = /^Check: `([^`]+)`$/.exec(text.split('\n').at(-1) ?? '')?.[1] ?? '';
    expect(problemOf(command)).toBeNull();
  });
});

test('every part that the text names is a part of npm test', () => {
  const [, list = ''] = /runs only these parts: ([^]*?)\. /.exec(document) ?? [];
  expect(codeIn(list)).toEqual([...testParts].filter((part) => part !== 'incidents'));
});
