#!/usr/bin/env node
/**
 * `npm test`: sets up, builds, runs the checks (two at a time), then the test suites (one after
 * another), even if some fail. `--faults`: runs the fault scenarios instead, with killed processes,
 * hangs and full disks. `--planted`: checks that tests detect known faults. `--only a,b`: runs only
 * these parts. The last line is `N passed, N failed`; exit code 1 if anything failed.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setUp } from './bootstrap.mjs';
import { build } from './build.mjs';
import { node24 } from './setup/node-part.mjs';
import { venvPython } from './setup/python-part.mjs';
import { log, root, run, runScript } from './setup/terminal.mjs';
import { lastLine, readCounts, summaryTable } from './test/results.mjs';

const results = join(root, 'test-results');
const runtime = join(root, 'python-runtime');
const tool = (...path) => join(root, 'node_modules', ...path);
const python = (...args) => ({ python: true, args, cwd: runtime });

/** A check passes or fails as a whole; for a suite, the tests in its report are counted. */
const check = (name, command, limit = 600) => ({ name, kind: 'check', command, limit });
const suite = (project, limit) => ({
  name: project,
  kind: 'vitest',
  command: { args: [tool('vitest', 'vitest.mjs'), 'run', '--project', project] },
  limit,
});

const parts = {
  ordinary: [
    check('prettier', {
      args: [tool('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.'],
    }),
    check('eslint', { args: [tool('eslint', 'bin', 'eslint.js'), '.', '--max-warnings', '0'] }),
    check('types', { args: [tool('typescript', 'bin', 'tsc'), '-b', 'tsconfig.json'] }),
    check('structure', {
      args: [
        tool('dependency-cruiser', 'bin', 'dependency-cruiser.mjs'),
        '--config',
        '.dependency-cruiser.cjs',
        'src-main',
        'src-preload',
        'src-renderer',
      ],
    }),
    check('dead code', { args: [tool('knip', 'bin', 'knip.js')] }),
    check('ruff', python('-m', 'ruff', 'check', '.')),
    check('pyright', python('-m', 'pyright')),
    // One single-threaded process per core: small models train slower with more threads.
    {
      name: 'pytest',
      kind: 'junit',
      command: python(
        '-m',
        'pytest',
        '-n',
        'logical',
        '--maxprocesses',
        '4',
        '--dist',
        'worksteal',
      ),
      env: { OMP_NUM_THREADS: '1', GOMP_SPINCOUNT: '2000' },
      limit: 1500,
    },
    suite('unit', 600),
    suite('contract', 300),
    suite('engine', 1200),
    suite('ui', 1200),
    suite('desktop', 1200),
  ],
  faults: [suite('incidents', 3600)],
};

async function runPart(part, node) {
  const began = Date.now();
  log(part.name);
  const report = join(results, `${part.name}.${part.kind === 'junit' ? 'xml' : 'json'}`);
  rmSync(report, { force: true });
  const { args, cwd = root, python: isPython = false } = part.command;
  const reporting = {
    check: [],
    vitest: ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    junit: [`--junitxml=${report}`],
  }[part.kind];
  const answer = await run(isPython ? venvPython : node, [...args, ...reporting], {
    quiet: true,
    cwd,
    env: {
      ...process.env,
      NO_COLOR: '1',
      FORCE_COLOR: '0',
      CI: process.env.CI ?? '1',
      ...part.env,
    },
    limit: part.limit,
  });
  writeFileSync(join(results, `${part.name.replace(' ', '-')}.log`), answer.output);
  const counts =
    part.kind === 'check'
      ? { passed: answer.code === 0 ? 1 : 0, failed: answer.code === 0 ? 0 : 1, skipped: 0 }
      : readCounts(part.kind, report, answer.code);
  if (counts.failed > 0) {
    const reason = answer.code === 124 ? ` (timed out after ${part.limit} s)` : '';
    process.stdout.write(
      `---- ${part.name} failed${reason} ----\n${answer.output.trimEnd().slice(-12_000)}\n----\n`,
    );
  }
  for (const { name, why } of counts.unstable ?? [])
    process.stdout.write(
      `unstable, passed when it was run again: ${part.name}: ${name} (${why})\n`,
    );
  if (counts.skipped > 0) {
    const reasons = answer.output.split('\n').filter((line) => /skip/i.test(line));
    process.stdout.write(
      `${counts.skipped} skipped in ${part.name}\n${reasons.slice(0, 12).join('\n')}\n`,
    );
  }
  return { name: part.name, ...counts, seconds: (Date.now() - began) / 1000 };
}

/** Runs the parts with `workers` at a time. The results are in the order of `list`. */
async function runParallel(workers, list, node) {
  const rows = [];
  let next = 0;
  const worker = async () => {
    while (next < list.length) {
      const index = next;
      next += 1;
      rows[index] = await runPart(list[index], node);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return rows;
}

/** Runs a preparation step, counted like a check. */
async function prepare(name, step) {
  const began = Date.now();
  let failed = 0;
  try {
    await step();
  } catch (error) {
    failed = 1;
    process.stdout.write(
      `---- ${name} failed ----\n${error.stack ?? error}\n${error.next ?? ''}\n${error.detail ?? ''}\n----\n`,
    );
  }
  return { name, passed: 1 - failed, failed, skipped: 0, seconds: (Date.now() - began) / 1000 };
}

if (process.argv[1].endsWith('test.mjs'))
  await runScript(async () => {
    const has = (option) => process.argv.includes(option);
    const index = process.argv.indexOf('--only');
    const only = index === -1 ? null : (process.argv[index + 1] ?? '').split(',');
    mkdirSync(results, { recursive: true });
    const rows = [
      await prepare('setup', () => setUp({ tests: true })),
      await prepare('build', () => build()),
    ];
    const node = (await node24()) ?? process.execPath;
    if (has('--planted')) {
      const answer = await run(node, [join(root, 'scripts', 'planted.mjs')]);
      return answer.code;
    }
    const selected = (has('--faults') ? parts.faults : parts.ordinary).filter(
      (part) => only === null || only.includes(part.name),
    );
    rows.push(
      ...(await runParallel(
        2,
        selected.filter((part) => part.kind === 'check'),
        node,
      )),
    );
    for (const part of selected) if (part.kind !== 'check') rows.push(await runPart(part, node));
    process.stdout.write(`\n${summaryTable(rows)}\n\n${lastLine(rows)}\n`);
    return rows.some((row) => row.failed > 0) ? 1 : 0;
  });
