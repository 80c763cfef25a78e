/** The rooms in ARCHITECTURE.md, in the dependency rules and on the disk are the same. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repository } from './repository-texts.ts';

interface Rules {
  readonly forbidden: readonly {
    readonly name: string;
    readonly from: { readonly path?: string };
  }[];
}

const LOWER_ROOMS_RULE = 'rooms-import-only-lower-rooms/';

const folders = readdirSync(path.join(repository, 'src-main/engine'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

/** In the order of the rules: a room may import the rooms before it. */
const roomsInRules = (
  createRequire(import.meta.url)(path.join(repository, '.dependency-cruiser.cjs')) as Rules
).forbidden.flatMap(({ name }) =>
  name.startsWith(LOWER_ROOMS_RULE) ? [name.slice(LOWER_ROOMS_RULE.length)] : [],
);

/** The first column of the table in the section on rooms. */
function roomsInDocument(): readonly string[] {
  const text = readFileSync(path.join(repository, 'ARCHITECTURE.md'), 'utf8');
  const section = /^## Rooms of the engine\n(.*?)^## /ms.exec(text)?.[1] ?? '';
  return [...section.matchAll(/^\| `([\w-]+)` +\| \S/gm)].map(([, room = '']) => room);
}

test('ARCHITECTURE.md lists every room once, in the order of the dependency rules', () => {
  expect(roomsInDocument()).toEqual(roomsInRules);
});

test('every folder of src-main/engine is a room in ARCHITECTURE.md, and the reverse', () => {
  expect([...roomsInDocument()].sort()).toEqual([...folders].sort());
});

test('every room has an index that states its purpose, its promises and what it never does', () => {
  for (const room of folders) {
    const index = readFileSync(path.join(repository, 'src-main/engine', room, 'index.ts'), 'utf8');
    expect(index, room).toMatch(
      /^\/\*\*\n \* \S+.*: [^]*?\n \* Promises: [^]*?\n \* Never: [^]*?\*\//,
    );
  }
});
