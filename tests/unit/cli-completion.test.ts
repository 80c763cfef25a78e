/** Completion: what each place of a command line can hold, in a real shell; examples of every help. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommandLine } from '../../src-main/cli/index.ts';
import { examplesOf } from '../../src-main/cli/examples.ts';
import { createScreen } from '../../src-main/cli/output/screen.ts';
import { createProgram } from '../../src-main/cli/program.ts';
import { asTyped, COMMAND_WORDS } from '../../src-main/contract/index.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';

const run = promisify(execFile);
const repository = resolve(import.meta.dirname, '../..');
let workspace: string;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'nightshift-cli-'));
  const paths = workspacePaths(workspace);
  for (const folder of [
    paths.dataset('d-20261201-034107-7f3a'),
    join(paths.versions, 'v003_faq'),
    join(paths.checkpoints('main'), 'step-00000800'),
    paths.base('smollm2'),
  ])
    await mkdir(folder, { recursive: true });
  await writeFile(join(paths.base('smollm2'), 'config.json'), '{}');
});
afterAll(async () => {
  await rm(workspace, { recursive: true, force: true });
});

async function nightshift(...args: string[]): Promise<string> {
  let out = '';
  await runCommandLine(args, {
    terminal: {
      out: (text) => (out += text),
      error: () => undefined,
      interactive: false,
      ask: () => Promise.resolve(null),
    },
    environment: { NIGHTSHIFT_WORKSPACE: workspace },
    now: () => 1,
    signal: new AbortController().signal,
    version: '0.0.0',
  });
  return out;
}

const values = async (...words: string[]): Promise<string[]> =>
  (await nightshift('complete', '--', ...words))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t')[0] ?? '');

test.each([
  [['queue', 'sh'], ['show']],
  [['vers'], ['versions']],
  [['queue', 'show', 'd-2'], ['d-20261201-034107-7f3a']],
  [['checkpoints', 'restore', ''], ['800']],
  [['checkpoints', 'verify', '--branch', ''], ['main']],
  [['base', 'begin', 's'], ['smollm2']],
  [['config', 'get', 'batch_s'], ['batch_size']],
  [['queue', 'add', 'a.jsonl', ''], [':files']],
  [['queue', 'add', '--priority', 'h'], ['high']],
  [['queue', 'add', '--priority', '=', 'h'], ['high']],
  [['logs', '--source', 't'], ['trainer']],
  [['queue', 'set-priority', 'a.jsonl', 'l'], ['low']],
  [['completion', 'b'], ['bash']],
  [['queue', 'retry', '--', 'd-2'], ['d-20261201-034107-7f3a']],
  [['nothing', 'x'], []],
] as const)('%j is completed to %j', async (words, expected) => {
  expect(await values(...words)).toEqual(expected);
});

test('commands, options and topics; a workspace on the line is used; a broken one is silent', async () => {
  expect(await values('')).toEqual(expect.arrayContaining(['queue', 'status', 'completion']));
  expect(await values('')).not.toContain('complete');
  expect(await values('queue', 'show', '--')).toEqual(
    expect.arrayContaining(['--rows', '--answers', '--workspace', '--json', '--help']),
  );
  expect(await values('help', 'gpu')).toContain('gpu_lost');
  expect(await values('--workspace', join(workspace, 'none'), 'queue', 'show', '')).toEqual([]);
});

const silent = createScreen({
  out: () => undefined,
  error: () => undefined,
  interactive: false,
  ask: () => Promise.resolve(null),
});
const newProgram = (): Command => createProgram(() => Promise.resolve(), silent, '0.0.0');

/** Commands without commands below them, with their path. */
function leaves(command: Command, parents: readonly string[] = []): readonly (readonly string[])[] {
  // Not the help command that each group has.
  const visible = command.createHelp().visibleCommands(command);
  const commands = command.commands.filter((child) => visible.includes(child));
  if (commands.length === 0) return [parents];
  return commands.flatMap((child) => leaves(child, [...parents, child.name()]));
}

/** As a shell splits them, without its redirections. */
const words = (line: string): string[] =>
  [...line.replace(/ >>? .*$/, '').matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  );

test('the help of every command has examples, and each of them parses', async () => {
  for (const path of leaves(newProgram())) {
    const examples = examplesOf(path.join(' '));
    expect(examples.length, path.join(' ')).toBeGreaterThan(0);
    for (const example of examples) {
      const program = newProgram();
      const seen: string[] = [];
      program.hook('preAction', (_, action) => {
        for (let place: Command | null = action; place !== null; place = place.parent)
          seen.unshift(place.name());
      });
      await program.parseAsync(words(example), { from: 'user' });
      expect(seen.slice(1), example).toEqual(path);
    }
  }
  for (const path of [[], ['queue'], ['queue', 'map'], ['versions', 'restore']])
    expect(await nightshift(...path, '--help'), path.join(' ')).toContain(
      'Examples:\n  nightshift ',
    );
});

test('texts that name a command know every command', () => {
  const names = newProgram()
    .createHelp()
    .visibleCommands(newProgram())
    .map((command) => command.name());
  expect([...COMMAND_WORDS].sort()).toEqual([...names].sort());
  const typed = 'node /opt/n/scripts/nightshift.mjs';
  expect(asTyped('Run: nightshift token. Or `nightshift queue list`', typed)).toBe(
    `Run: ${typed} token. Or \`${typed} queue list\``,
  );
  for (const text of [
    'nightshift.mjs token',
    'a/nightshift queue',
    'nightshift queue.jsonl',
    'my-nightshift link',
  ])
    expect(asTyped(text, typed)).toBe(text);
});

test('bash completes with the script that is printed', async () => {
  const bin = join(workspace, 'bin');
  await mkdir(bin);
  const entry = join(repository, 'src-main', 'cli.ts');
  const program = join(bin, 'nightshift');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${entry}' "$@"\n`);
  await chmod(program, 0o755);
  await writeFile(join(workspace, 'nightshift.bash'), await nightshift('completion', 'bash'));
  await writeFile(join(workspace, 'data file.jsonl'), '');
  const script = `
    source ./nightshift.bash
    try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nightshift; (IFS='|'; echo "\${COMPREPLY[*]}"); }
    program=nightshift
    try $program queue mo
    try $program queue add data
    complete -p nightshift
  `;
  const { stdout } = await run('bash', ['-c', script], {
    cwd: workspace,
    env: {
      ...process.env,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      NIGHTSHIFT_WORKSPACE: workspace,
    },
  });
  const [moved, files, registered] = stdout.split('\n');
  expect([moved, files?.split('|').sort(), registered]).toEqual([
    'move',
    ['data', 'data file.jsonl'],
    'complete -F _nightshift nightshift',
  ]);
});

test('zsh, fish and PowerShell ask the same command', async () => {
  const zsh = await nightshift('completion', 'zsh');
  expect(zsh).toContain('"${words[1]}" complete -- "${(@)words[2,CURRENT]}"');
  expect(zsh).toContain('compdef _nightshift nightshift');
  const fish = await nightshift('completion', 'fish');
  expect(fish).toContain('nightshift complete -- $words "$current"');
  const powershell = await nightshift('completion', 'powershell');
  expect(powershell).toContain('Register-ArgumentCompleter -Native -CommandName nightshift');
  for (const [shell, script] of [
    ['zsh', zsh],
    ['fish', fish],
  ] as const) {
    const file = join(workspace, `check.${shell}`);
    await writeFile(file, script);
    // Only where the shell is installed: its own check of the syntax.
    const checked = await run(shell, ['-n', file]).catch((error: unknown) => error);
    if (checked instanceof Error && (checked as NodeJS.ErrnoException).code !== 'ENOENT')
      throw checked;
  }
});
