/**
 * Every command that a text or document names exists as typed, with its options: `nightshift …`,
 * `npm run …`.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { createScreen } from '../../src-main/cli/output/screen.ts';
import { createProgram } from '../../src-main/cli/program.ts';
import {
  documents,
  programFiles,
  repository,
  testFiles,
  tokensOf,
  type Token,
} from './repository-texts.ts';

const silent = createScreen({
  out: () => undefined,
  error: () => undefined,
  interactive: false,
  ask: () => Promise.resolve(null),
});
const program = createProgram(() => Promise.resolve(), silent, '0.0.0');

const { scripts } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

const childOf = (command: Command, name: string): Command | undefined =>
  command.commands.find((child) => child.name() === name || child.aliases().includes(name));

const hasOption = (command: Command, flag: string): boolean =>
  flag === '--help' ||
  [...command.options, ...program.options].some(
    (option) => option.long === flag || option.short === flag,
  );

/** Tokens without the brackets of a usage text: `[--now]` as `--now`, `--a=b` as `--a`. */
const tokensIn = (usage: string): readonly string[] =>
  usage
    .replaceAll(/[[\]]/g, ' ')
    .split(/\s+/)
    .map((token) => token.replace(/=.*$/, '').replace(/[.,;:]+$/, ''))
    .filter((token) => token !== '');

interface Resolved {
  readonly command: Command;
  readonly problem: string | null;
}

/**
 * Follows subcommands and checks options. Words after the last subcommand are arguments, or the
 * rest of a sentence.
 */
function resolve(start: Command, tokens: readonly string[]): Resolved {
  let command = start;
  let isInPath = true;
  for (const token of tokens) {
    const child = isInPath ? childOf(command, token) : undefined;
    if (child !== undefined) command = child;
    else if (token.startsWith('-')) {
      if (/^--?[a-z]/.test(token) && !hasOption(command, token))
        return { command, problem: `${command.name()} has no option ${token}` };
    } else {
      const expectsSubcommand =
        isInPath && command.commands.length > 0 && /^[a-z][\w-]*$/.test(token);
      if (expectsSubcommand)
        return { command, problem: `${command.name()} has no command ${token}` };
      isInPath = false;
    }
  }
  return { command, problem: null };
}

/** After a pipe these are shell commands, not alternatives. */
const SHELL_PIPE = /\s\|\s(?:grep|head|jq|less|tail)\b.*/;

/**
 * `queue list | add FILE | show ID --rows`: the alternatives after the first are siblings of its
 * last subcommand.
 */
function nightshiftProblem(usage: string): string | null {
  const [first = '', ...others] = usage.replace(SHELL_PIPE, '').split(/\s\|\s/);
  const { command, problem } = resolve(program, tokensIn(first));
  if (problem !== null) return problem;
  const parent = command.parent ?? program;
  for (const other of others) {
    const tokens = tokensIn(other);
    const [name = ''] = tokens;
    if (childOf(parent, name) === undefined)
      return /^[a-z][\w-]*$/.test(name) ? `${parent.name()} has no command ${name}` : null;
    const sibling = resolve(parent, tokens);
    if (sibling.problem !== null) return sibling.problem;
  }
  return null;
}

/**
 * Options are looked up in the source of the script; `demo` passes them to `nightshift demo`,
 * `package` to electron-builder.
 */
function npmProblem(name: string, options: string): string | null {
  const script = scripts[name];
  if (script === undefined) return `package.json has no script ${name}`;
  if (name === 'package') return null;
  if (name === 'demo') return nightshiftProblem(`demo ${options}`);
  const file = /scripts\/\S+\.mjs/.exec(script)?.[0];
  const source = file === undefined ? script : readFileSync(path.join(repository, file), 'utf8');
  const missing = tokensIn(options).find(
    (token) => token.startsWith('--') && token !== '--' && !source.includes(token),
  );
  return missing === undefined ? null : `${name} has no option ${missing}`;
}

/**
 * The command ends at a quote, bracket, sentence end, or the gap before a description. Not part of
 * a path or a longer name.
 */
const NIGHTSHIFT = /(?<![\w./@-])nightshift ((?!\s)(?:(?!\s{2})[^`'"“”‘’()\n,;:])*)/g;
const NPM = /(?<![\w./-])npm (?:run ([\w:-]+)|(start|test))((?: -- (?:(?!\s{2})[^`'"()\n,;:])*)?)/g;

function problemsIn({ file, line, text }: Token): readonly string[] {
  const where = `${file}:${String(line)}`;
  return [
    ...[...text.matchAll(NIGHTSHIFT)].flatMap(([, usage = '']) => {
      const sentence = usage.split(/\.(?:\s|$)/)[0] ?? '';
      const problem = nightshiftProblem(sentence);
      return problem === null ? [] : [`${where} nightshift ${sentence.trim()}: ${problem}`];
    }),
    ...[...text.matchAll(NPM)].flatMap(([whole, run, short, options = '']) => {
      const problem = npmProblem(run ?? short ?? '', options);
      return problem === null ? [] : [`${where} ${whole.trim()}: ${problem}`];
    }),
  ];
}

const problemsOf = (text: string): readonly string[] =>
  problemsIn({ file: 'x', line: 1, kind: 'string', text, before: '' });

test('finds commands that do not exist', () => {
  for (const text of [
    'Run: nightshift tokens',
    'Run nightshift queue drop a.jsonl.',
    'nightshift stop --later',
    'nightshift pause | resume | halt',
    'nightshift queue list | wait ID',
    'To fix it: npm run repair',
    'npm run demo -- --modell starter',
    'npm test -- --fast',
  ])
    expect(problemsOf(text), text).toHaveLength(1);
});

test('accepts commands that exist', () => {
  for (const text of [
    'Run: nightshift token. It prints a link.',
    'nightshift queue undo ID, nightshift queue take-back ID',
    'nightshift stop [--now] | skip',
    'nightshift config set KEY VALUE [--stage] [--confirm KEY] | stage KEY VALUE',
    'nightshift versions list lists them',
    'nightshift journal | head -3',
    'The app is called nightshift.',
    'npm run demo -- --model starter --json',
    'npm run package -- --linux dir',
    'npm test -- --only unit',
  ])
    expect(problemsOf(text), text).toEqual([]);
});

test('every command in texts, comments and documents exists', { timeout: 120_000 }, () => {
  const own = /tests\/unit\/(named-commands\.test|repository-texts)\.ts$/;
  const tokens = [...programFiles(), ...testFiles(), ...documents()]
    .filter((file) => !own.test(file))
    .flatMap(tokensOf)
    .filter(({ kind }) => kind !== 'identifier');
  const named = tokens.filter(({ text }) => text.search(NIGHTSHIFT) >= 0);
  expect(named.length).toBeGreaterThan(30);
  expect(tokens.flatMap(problemsIn)).toEqual([]);
});
