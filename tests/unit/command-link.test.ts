/** The link of the command: where it goes, what it holds, and what it never touches. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommandLine } from '../../src-main/cli/index.ts';
import { pathHint } from '../../src-main/cli/link.ts';
import {
  commandOnPath,
  installationAt,
  linkFolder,
  linkState,
  linkText,
  quoted,
  typedCommand,
  unlinkedCommand,
  writeLink,
} from '../../src-main/formats/command-link.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nightshift-link-'));
  mkdirSync(join(folder, 'app', 'scripts'), { recursive: true });
  writeFileSync(
    join(folder, 'app', 'scripts', 'nightshift.mjs'),
    'console.log(process.argv.slice(2))',
  );
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const checkout = () => installationAt(join(folder, 'app'), 'linux');

test.each([
  ['linux', { PATH: '/usr/bin:/home/me/.local/bin' }, '/home/me/.local/bin', true],
  ['linux', { PATH: '/usr/bin:/home/me/bin/' }, '/home/me/bin', true],
  ['darwin', { PATH: '/usr/local/bin:/usr/bin' }, '/home/me/.local/bin', false],
  ['linux', {}, '/home/me/.local/bin', false],
] as const)('%s with %j links into %s', (platform, environment, expected, onPath) => {
  const found = linkFolder('/home/me', environment, platform);
  expect(found).toEqual({ folder: expected, onPath });
});

test('Windows: a folder of the user that is on PATH, else the usual one', () => {
  const local = 'C:\\Users\\Me\\AppData\\Local';
  const apps = `${local}\\Microsoft\\WindowsApps`;
  const home = 'C:\\Users\\Me';
  const environment = { Path: `C:\\Windows;${apps.toLowerCase()}\\`, LOCALAPPDATA: local };
  expect(linkFolder(home, environment, 'win32')).toEqual({ folder: apps, onPath: true });
  expect(linkFolder(home, { Path: 'C:\\Windows' }, 'win32')).toEqual({
    folder: 'C:\\Users\\Me\\.local\\bin',
    onPath: false,
  });
  expect(pathHint('C:\\a', 'win32')).toContain("'User') + ';C:\\a'");
});

test('what is written, and what to type without it', () => {
  const installation = { platform: 'linux', program: 'node', script: "/opt/it's/nightshift.mjs" };
  expect(linkText(installation)).toContain(`exec node '/opt/it'\\''s/nightshift.mjs' "$@"\n`);
  expect(unlinkedCommand(installation, null)).toBe(`node '/opt/it'\\''s/nightshift.mjs'`);
  expect(unlinkedCommand(installation, "/opt/it's")).toBe('node nightshift.mjs');
  const windows = { platform: 'win32', program: 'node', script: 'C:\\100% mine\\nightshift.mjs' };
  expect(linkText(windows)).toContain('"node" "C:\\100%% mine\\nightshift.mjs" %*\r\n');
  expect(unlinkedCommand(windows, null)).toBe('node "C:\\100% mine\\nightshift.mjs"');
  expect(quoted('$(x)', 'linux')).toBe("'$(x)'");
});

test('the written link starts the program, from anywhere, and its name is the typed form', async () => {
  const bin = join(folder, 'bin with space');
  const file = join(bin, 'nightshift');
  const installation = await checkout();
  const environment = { PATH: `/nowhere:${bin}` };
  const typed = () => typedCommand(join(folder, 'app'), environment, 'linux', null);
  expect(await typed()).toBe(`node ${installation.script}`);
  await writeLink(file, installation);
  expect(execFileSync(file, ['queue', 'a b'], { cwd: '/', encoding: 'utf8' })).toBe(
    "[ 'queue', 'a b' ]\n",
  );
  expect(await commandOnPath(environment, 'linux')).toBe(file);
  expect(await typed()).toBe('nightshift');
  expect(await linkState(file, { ...installation, script: '/elsewhere' })).toBe('other');
});

test('a foreign file is never written, followed or removed', async () => {
  const installation = await checkout();
  const file = join(folder, 'nightshift');
  writeFileSync(file, '#!/bin/sh\necho mine\n');
  chmodSync(file, 0o755);
  expect(await linkState(file, installation)).toBe('foreign');
  await expect(writeLink(file, installation)).rejects.toThrow('EEXIST');
  for (const verb of ['link', 'unlink']) {
    const { code, err } = await nightshift(verb, '--folder', folder);
    expect([verb, code]).toEqual([verb, 3]);
    expect(err).toContain('Nightshift did not write');
  }
  expect(readFileSync(file, 'utf8')).toContain('echo mine');
  // A link that leads nowhere: writing must not create its target.
  const dangling = join(folder, 'dangling');
  symlinkSync(join(folder, 'target'), dangling);
  await expect(writeLink(dangling, installation)).rejects.toThrow('EEXIST');
  expect(() => readFileSync(join(folder, 'target'))).toThrow('ENOENT');
});

async function nightshift(...args: string[]) {
  let [out, err] = ['', ''];
  const code = await runCommandLine(args, {
    terminal: {
      out: (text) => (out += text),
      error: (text) => (err += text),
      interactive: false,
      ask: () => Promise.resolve(null),
    },
    environment: {},
    now: () => 1,
    signal: new AbortController().signal,
    version: '0.0.0',
  });
  return { code, out, err };
}

test('link and unlink; without a terminal the question is not asked and nothing is written', async () => {
  const bin = join(folder, 'bin');
  const file = join(bin, 'nightshift');
  expect(await nightshift('link', '--if-asked', '--folder', bin)).toMatchObject({
    code: 0,
    out: '',
  });
  expect((await nightshift('unlink', '--folder', bin)).out).toContain('There is no link');
  const linked = await nightshift('link', '--folder', bin);
  expect(linked.out).toContain(`Wrote ${file}. To undo: nightshift unlink`);
  expect(linked.out).toContain('is not on PATH');
  expect(readFileSync(file, 'utf8')).toContain('nightshift.mjs');
  expect((await nightshift('link', '--folder', bin)).out).toContain('already starts');
  expect((await nightshift('unlink', '--folder', bin)).out).toBe(`Removed ${file}.\n`);
  expect(() => readFileSync(file)).toThrow('ENOENT');
});

test('every text gives the form that works as typed', async () => {
  let err = '';
  await runCommandLine(['pause', '--workspace', join(folder, 'w')], {
    terminal: {
      out: () => undefined,
      error: (text) => (err += text),
      interactive: false,
      ask: () => Promise.resolve(null),
    },
    environment: {},
    now: () => 1,
    signal: new AbortController().signal,
    version: '0.0.0',
    command: 'node scripts/nightshift.mjs',
  });
  expect(err).toContain('Start the engine: node scripts/nightshift.mjs serve');
});
