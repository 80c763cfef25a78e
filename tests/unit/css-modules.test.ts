/** TypeScript sees a CSS module as a map of any name, so the names are compared here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../src-renderer');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) =>
  join(root, name),
);

function classesOf(sheet: string): ReadonlySet<string> {
  const text = readFileSync(sheet, 'utf8').replace(/\/\*.*?\*\/|:global\([^)]*\)/gs, '');
  const selectors = [...text.matchAll(/[^{};]+(?=\{)/g)].map(([selector]) => selector).join(' ');
  return new Set([...selectors.matchAll(/\.([A-Za-z][\w-]*)/g)].map(([, name]) => name ?? ''));
}

interface Use {
  readonly component: string;
  readonly sheet: string;
  readonly names: readonly string[];
  /** Names that are computed, as in `styles[state]`, cannot be listed. */
  readonly computed: boolean;
}

const uses = files
  .filter((file) => file.endsWith('.tsx'))
  .flatMap((component): readonly Use[] => {
    const text = readFileSync(component, 'utf8');
    return [...text.matchAll(/^import (\w+) from '(.+\.module\.css)';$/gm)].map(
      ([, local = '', path = '']) => ({
        component,
        sheet: resolve(dirname(component), path),
        names: [...text.matchAll(new RegExp(`\\b${local}\\.(\\w+)`, 'g'))].map(
          ([, name = '']) => name,
        ),
        computed: text.includes(`${local}[`),
      }),
    );
  });

test('every class name that a component uses is in its CSS module', () => {
  expect(uses.length).toBeGreaterThan(0);
  const missing = uses.flatMap(({ component, sheet, names }) =>
    existsSync(sheet)
      ? names
          .filter((name) => !classesOf(sheet).has(name))
          .map((name) => `${component}: ${name} is not in ${sheet}`)
      : [`${component}: ${sheet} does not exist`],
  );
  expect(missing).toEqual([]);
});

test('every class name of a CSS module is used', () => {
  const unused = files
    .filter((file) => file.endsWith('.module.css'))
    .flatMap((sheet) => {
      const of = uses.filter((use) => use.sheet === sheet);
      const used = new Set(of.flatMap((use) => use.names));
      if (of.some((use) => use.computed)) return [];
      return [...classesOf(sheet)]
        .filter((name) => !used.has(name))
        .map((name) => `${sheet}: ${name}`);
    });
  expect(unused).toEqual([]);
});
