/** The planted faults of tests/planted still apply to the code, and the tests that they name exist. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'tests/planted');
const patches = readdirSync(folder).filter((name) => name.endsWith('.patch'));

test.each(patches)('%s', (name) => {
  const patch = join(folder, name);
  execFileSync('git', ['apply', '--check', patch], { cwd: root, stdio: 'pipe' });
  const command = /^Test: (.+)$/m.exec(readFileSync(patch, 'utf8'))?.[1] ?? '';
  expect(command).not.toBe('');
  const file = /tests\/\S+?\.(?:py|ts)/.exec(command)?.[0];
  if (file === undefined) return;
  const base = command.startsWith('pytest') ? join(root, 'python-runtime') : root;
  expect(existsSync(join(base, file)), file).toBe(true);
});
