/** THIRD-PARTY-NOTICES.txt has the license of everything that the package contains. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundledPackages, importedPackages } from '../../scripts/setup/bundled-packages.mjs';
import { lockEntries } from '../../scripts/setup/lock-file.mjs';
import { lockFile } from '../../scripts/setup/python-part.mjs';

const notices = readFileSync('THIRD-PARTY-NOTICES.txt', 'utf8');
const again = 'run node scripts/write-notices.mjs';

test('finds the packages that a source imports', () => {
  const text = [
    "import { a } from '@scope/name/deep';",
    "import 'side-effect';",
    "await import('later')",
    "import fs from 'node:fs';",
    "import x from './own.ts';",
    "@import 'styles/main.css';",
  ].join('\n');
  expect(importedPackages(text)).toEqual(['@scope/name', 'side-effect', 'later', 'styles']);
});

test('every package of the program is named with its version and license', () => {
  const packages = bundledPackages(process.cwd());
  expect(packages.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['react', 'ws', 'zod', '@fontsource-variable/inter']),
  );
  for (const { name, version, license } of packages)
    expect(notices, again).toContain(`\n${name} ${version} (${license})\n`);
});

test('the texts of the fonts, of Node and the names of the Python packages are in it', () => {
  expect(notices.match(/SIL OPEN FONT LICENSE Version 1\.1/g)?.length).toBeGreaterThanOrEqual(2);
  expect(notices).toContain(readFileSync('resources/licenses/node.txt', 'utf8').trim());
  for (const name of ['packages', 'torch'])
    for (const entry of lockEntries(readFileSync(lockFile(name), 'utf8')))
      expect(notices, again).toContain(`\n${entry.name} ${entry.version}: `);
});

test('the package contains it', () => {
  const builder = readFileSync('electron-builder.yml', 'utf8');
  expect(builder.match(/- THIRD-PARTY-NOTICES\.txt/g)).toHaveLength(1);
  expect(builder).toContain('from: THIRD-PARTY-NOTICES.txt');
});

/** Where a build is there, its source maps name what it really contains. */
test('no package of the build is missing', () => {
  const maps = existsSync('out')
    ? readdirSync('out', { recursive: true }).filter((name) => name.endsWith('.map'))
    : [];
  const bundled = new Set(
    maps.flatMap((name) =>
      JSON.parse(readFileSync(join('out', name), 'utf8')).sources.flatMap(
        (source) =>
          /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source.replaceAll('\\', '/'))?.[1] ?? [],
      ),
    ),
  );
  const missing = [...bundled].filter((name) => !notices.includes(`\n${name} `));
  expect(missing, again).toEqual([]);
});
