#!/usr/bin/env node
/**
 * Applies each patch of tests/planted/ to a temporary copy and checks that the named test then
 * fails. A patch starts with lines of the form `Key: value` before the diff:
 *   Test: vitest contract tests/contract/server-access.test.ts -t "Origin"   (or: pytest tests/test_x.py::name, structure, types, eslint)
 *   Build: engine                                                          (optional: rebuilds this part after patching)
 * The test must pass without the patch.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { log, root, run, runScript } from './setup/terminal.mjs';

/** Parses the header of a patch. Throws if it names no test. */
export function readHeader(text) {
  const header = text.split(/^(?:diff |--- )/m)[0];
  const value = (key) => new RegExp(`^${key}: (.+)$`, 'm').exec(header)?.[1].trim() ?? null;
  const test = value('Test');
  if (test === null)
    throw new Error('the patch names no test (a line "Test: ..." before the diff)');
  return { test, build: value('Build') };
}

/** Splits a command line at spaces; double quotes group an argument. */
export const splitArguments = (text) =>
  [...text.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]);

async function copyCheckout(into) {
  const listed = await run(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { quiet: true },
  );
  for (const file of listed.output.split('\0').filter((name) => name !== '')) {
    mkdirSync(dirname(join(into, file)), { recursive: true });
    try {
      cpSync(join(root, file), join(into, file));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error; // Deleted in the working tree, but not committed yet.
    }
  }
  symlinkSync(join(root, 'node_modules'), join(into, 'node_modules'));
  symlinkSync(join(root, 'python-runtime', '.venv'), join(into, 'python-runtime', '.venv'));
}

async function runTest(copy, header) {
  const env = { ...process.env, NO_COLOR: '1', CI: '1' };
  if (header.build !== null) {
    const built = await run(
      process.execPath,
      [join(copy, 'scripts', 'build.mjs'), '--only', header.build],
      {
        quiet: true,
        cwd: copy,
        env,
      },
    );
    if (built.code !== 0) return built;
  }
  const [kind, ...rest] = splitArguments(header.test);
  const node = (path, ...args) =>
    run(process.execPath, [join(root, 'node_modules', path), ...args], {
      quiet: true,
      cwd: copy,
      env,
      limit: 900,
    });
  if (kind === 'vitest') return node('vitest/vitest.mjs', 'run', '--project', ...rest);
  if (kind === 'structure')
    return node(
      'dependency-cruiser/bin/dependency-cruiser.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      'src-main',
      'src-renderer',
    );
  if (kind === 'types') return node('typescript/bin/tsc', '-b', 'tsconfig.json');
  if (kind === 'eslint') return node('eslint/bin/eslint.js', '.', '--max-warnings', '0');
  if (kind === 'pytest')
    return run(join(copy, 'python-runtime', '.venv', 'bin', 'python'), ['-m', 'pytest', ...rest], {
      quiet: true,
      cwd: join(copy, 'python-runtime'),
      env: { ...env, PYTHONPATH: join(copy, 'python-runtime') },
      limit: 900,
    });
  throw new Error(`unknown kind of test in the patch: ${kind}`);
}

if (process.argv[1].endsWith('planted.mjs'))
  await runScript(async () => {
    const folder = join(root, 'tests', 'planted');
    const names = readdirSync(folder)
      .filter((name) => name.endsWith('.patch'))
      .sort();
    const copy = mkdtempSync(join(tmpdir(), 'nightshift-planted-'));
    let failed = 0;
    const baselines = new Map();
    try {
      await copyCheckout(copy);
      for (const name of names) {
        const header = readHeader(readFileSync(join(folder, name), 'utf8'));
        const key = `${header.test} ${header.build}`;
        if (!baselines.has(key)) baselines.set(key, await runTest(copy, header));
        const apply = (...options) =>
          run('git', ['apply', ...options, join(folder, name)], {
            quiet: true,
            cwd: copy,
            env: {
              ...process.env,
              GIT_CEILING_DIRECTORIES: dirname(copy),
              GIT_DIR: join(copy, '.none'),
            },
          });
        const patched = await apply();
        const result = patched.code === 0 ? await runTest(copy, header) : patched;
        if (patched.code === 0) await apply('-R');
        const problem =
          baselines.get(key).code !== 0
            ? `the test fails without the patch:\n${baselines.get(key).output.slice(-3000)}`
            : patched.code !== 0
              ? `the patch does not apply:\n${patched.output}`
              : result.code === 0
                ? 'the test passes with the patch'
                : null;
        if (problem !== null) failed += 1;
        log(
          `${problem === null ? 'detected' : 'FAILED'}  ${name}  ${header.test}${problem === null ? '' : `\n${problem}`}`,
        );
      }
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
    process.stdout.write(`${names.length - failed} passed, ${failed} failed\n`);
    return failed > 0 || names.length === 0 ? 1 : 0;
  });
