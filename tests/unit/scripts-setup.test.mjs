/** The scripts: installed packages, pip settings, opening the window, test results, planted faults. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { seriousFindings } from '../../scripts/audit.mjs';
import { freeGigabytes, requireDisk } from '../../scripts/setup/disk-part.mjs';
import { lockEntries } from '../../scripts/setup/lock-file.mjs';
import { binaryProblem, installationProblem } from '../../scripts/setup/node-part.mjs';
import { lockFile, TORCH, UV } from '../../scripts/setup/python-part.mjs';
import { readHeader, splitArguments } from '../../scripts/planted.mjs';
import {
  localTorchWheel,
  parsePipConfig,
  pipSettings,
  uvOptions,
} from '../../scripts/setup/pip-settings.mjs';
import { windowPlan } from '../../scripts/start.mjs';
import {
  countJunit,
  countVitest,
  lastLine,
  readCounts,
  unstableTests,
} from '../../scripts/test/results.mjs';

test('compares node_modules with the lock file', () => {
  const lock = {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0', optional: true },
    },
  };
  expect(installationProblem(lock, null)).toBe('not installed yet');
  expect(installationProblem(lock, { packages: {} })).toBe('node_modules/a is missing');
  const has = (version) => ({ packages: { 'node_modules/a': { version } } });
  expect(installationProblem(lock, has('0.9.0'))).toContain('0.9.0');
  expect(installationProblem(lock, has('1.0.0'))).toBeNull();
});

test('an audit names serious vulnerabilities; without an answer it is skipped', () => {
  const answer = {
    vulnerabilities: {
      a: { severity: 'critical', range: '<1.2' },
      b: { severity: 'low', range: '*' },
    },
  };
  expect(seriousFindings(JSON.stringify(answer))).toEqual(['a <1.2: critical']);
  expect(seriousFindings(JSON.stringify({ vulnerabilities: {} }))).toEqual([]);
  expect(seriousFindings(JSON.stringify({ statusCode: 405, message: 'no' }))).toBeNull();
  expect(seriousFindings('ECONNREFUSED')).toBeNull();
});

test("Node's binary is used only with the hash that is known for it", () => {
  const hashes = JSON.parse(readFileSync('scripts/setup/node-hashes.json', 'utf8'));
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(hashes.version).toBe(devDependencies.node);
  const known = createHash('sha256').update('node').digest('hex');
  const own = { version: '1.0.0', 'linux-x64': known };
  expect(binaryProblem('node', own, 'linux-x64')).toBeNull();
  expect(binaryProblem('evil', own, 'linux-x64')).toContain(`expected ${known}`);
  expect(binaryProblem('other', own, 'aix-ppc64')).toBeNull();
});

test('every Python package that is installed has an exact version and hashes', () => {
  const locks = ['packages', 'torch', 'tests', 'uv'].map((name) => [
    name,
    lockEntries(readFileSync(lockFile(name), 'utf8')),
  ]);
  for (const [lock, entries] of locks) {
    expect(entries.length, lock).toBeGreaterThan(0);
    for (const { requirement, hashes, text } of entries) {
      expect(hashes.length, `${lock}: ${requirement}`).toBeGreaterThan(0);
      expect(text, lock).not.toMatch(/:\/\//);
    }
  }
  const pinned = (name) =>
    locks
      .find(([lock]) => lock === name)[1]
      .map(({ name: packageName, version }) => `${packageName}==${version}`);
  expect(pinned('torch')).toContain(`torch==${TORCH}`);
  expect(pinned('uv')).toEqual([`uv==${UV}`]);
  for (const [file, name] of [
    ['requirements.txt', 'packages'],
    ['requirements-test.txt', 'tests'],
  ])
    for (const line of readFileSync(`python-runtime/${file}`, 'utf8').split('\n')) {
      const wanted = line.split(';')[0].trim();
      if (wanted !== '' && !wanted.startsWith('#'))
        expect(pinned(name), `${file}: run node scripts/write-requirements.mjs`).toContain(wanted);
    }
});

test("reads pip's settings; environment variables take precedence", () => {
  const parsed = parsePipConfig(
    [
      ":env:.find-links='/from/env'",
      "global.find-links='/from/file'",
      "global.extra-index-url='file:///gone file:///there'",
      "global.cert='/etc/ca.crt'",
      'noise',
    ].join('\n'),
  );
  expect(parsed['find-links']).toBe('/from/env');
  const settings = pipSettings(parsed, {}, (place) => place !== '/gone');
  expect(settings).toEqual({
    index: null,
    extra: ['file:///there'],
    findLinks: ['/from/env'],
    certificates: '/etc/ca.crt',
  });
  expect(uvOptions(settings)).toEqual([
    '--index',
    'file:///there',
    '--index-strategy',
    'unsafe-best-match',
    '--find-links',
    '/from/env',
  ]);
  const named = pipSettings(parsed, { PIP_INDEX_URL: 'https://mirror.example/simple' }, () => true);
  expect(named.index).toBe('https://mirror.example/simple');
});

test('selects a local torch wheel that matches the Python version', () => {
  const settings = { index: null, extra: [], findLinks: ['/wheels'], certificates: null };
  const list = () => ['torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl'];
  expect(localTorchWheel(settings, '2.13.0', 'cp311', list)).toContain('/wheels/torch-2.13.0');
  expect(localTorchWheel(settings, '2.13.0', 'cp312', list)).toBeNull();
});

test('a window needs a display, an Electron binary and a built desktop', () => {
  const facts = {
    platform: 'linux',
    env: { DISPLAY: ':0' },
    exists: () => true,
    readText: () => 'electron\n',
    base: '/checkout',
  };
  expect(windowPlan(facts)).toEqual({
    window: true,
    binary: '/checkout/node_modules/electron/dist/electron',
  });
  expect(windowPlan({ ...facts, env: {} }).why).toContain('no display');
  expect(windowPlan({ ...facts, exists: () => false }).why).toContain('no Electron binary');
  const other = windowPlan({
    ...facts,
    env: { DISPLAY: ':0', ELECTRON_OVERRIDE_DIST_PATH: '/old' },
  });
  expect(other.binary).toBe('/old/electron');
});

test('counts test results; a part without tests counts as failed', () => {
  const report = {
    numPassedTests: 3,
    numFailedTests: 1,
    numPendingTests: 2,
    testResults: [
      { status: 'failed', assertionResults: [{ status: 'failed' }] },
      { status: 'failed', assertionResults: [] },
    ],
  };
  expect(countVitest(report)).toEqual({ passed: 3, failed: 2, skipped: 2 });
  const junit =
    '<testsuites><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10">';
  expect(countJunit(junit)).toEqual({ passed: 4, failed: 3, skipped: 3 });
  expect(readCounts('vitest', '/nowhere', 0)).toMatchObject({ passed: 0, failed: 1, skipped: 0 });
  expect(
    lastLine([
      { passed: 2, failed: 0, skipped: 0 },
      { passed: 1, failed: 1, skipped: 0 },
    ]),
  ).toBe('3 passed, 1 failed');
});

test('names the tests that only passed when they were run again', () => {
  const passed = { status: 'passed', fullName: 'a', failureMessages: [] };
  const unstable = { ...passed, fullName: 'b', failureMessages: ['expected 47 to be 50\n  at b'] };
  const failed = { status: 'failed', fullName: 'c', failureMessages: ['no'] };
  expect(
    unstableTests({ testResults: [{ assertionResults: [passed, unstable, failed] }] }),
  ).toEqual([{ name: 'b', why: 'expected 47 to be 50' }]);
});

test('reads the test of a planted fault', () => {
  const patch =
    'Origin check off.\nTest: vitest contract a.test.ts -t "a foreign Origin"\n\ndiff --git a/x b/x\nTest: no\n';
  expect(readHeader(patch)).toEqual({
    test: 'vitest contract a.test.ts -t "a foreign Origin"',
    build: null,
  });
  expect(splitArguments('vitest contract -t "a foreign Origin"')).toEqual([
    'vitest',
    'contract',
    '-t',
    'a foreign Origin',
  ]);
  expect(() => readHeader('diff --git')).toThrow('names no test');
});

test('fails before downloading anything if the disk is too full', () => {
  expect(() => requireDisk('the Python packages', 4, 4)).not.toThrow();
  expect(() => requireDisk('the Python packages', 4, null)).not.toThrow();
  let refusal;
  try {
    requireDisk('the Python packages', 4, 1.34);
  } catch (error) {
    refusal = error;
  }
  expect(refusal.message).toMatch(
    /^Not enough disk space at .+: the Python packages need 4 GB, 1\.3 GB are free\.$/,
  );
  expect(refusal.next).toBe('Free up 2.7 GB, then run this again.');
  expect(freeGigabytes(tmpdir())).toBeGreaterThan(0);
  expect(freeGigabytes('/nowhere/at/all')).toBeNull();
});

test('without Python, the setup says what to install and creates nothing', () => {
  const copy = mkdtempSync(join(tmpdir(), 'nightshift-setup-'));
  onTestFinished(() => {
    rmSync(copy, { recursive: true, force: true });
  });
  const root = join(import.meta.dirname, '../..');
  cpSync(join(root, 'scripts'), join(copy, 'scripts'), { recursive: true });
  mkdirSync(join(copy, 'python-runtime'));
  const program =
    "import('./scripts/setup/terminal.mjs').then(({ runScript }) => runScript(async () => (await import('./scripts/setup/python-part.mjs')).setUpPython({ tests: false })))";
  const run = (python) =>
    spawnSync(process.execPath, ['-e', program], {
      cwd: copy,
      encoding: 'utf8',
      env: { ...process.env, NIGHTSHIFT_BASE_PYTHON: python },
    });
  const answer = run('/nowhere/python3');
  expect(answer.status).toBe(1);
  expect(answer.stderr).toContain('Setup failed: Python 3.10 or newer was not found.');
  expect(answer.stderr).toContain('Next: Install Python 3.10 or newer');
  expect(answer.stderr).not.toContain(' at ');
  expect(existsSync(join(copy, 'python-runtime/.venv'))).toBe(false);
  // A program that is not Python is not accepted.
  expect(run('/bin/true').status).toBe(1);
});
