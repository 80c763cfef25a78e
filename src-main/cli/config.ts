/** config show, get, set, stage, unstage. Reading works without an engine; a change needs it, because it knows the locks. */
import type { Command } from 'commander';
import { describeKeys, type Config } from '../contract/index.ts';
import { addEstimateCommand } from './config-estimate.ts';
import { validateConfig } from './config-file.ts';
import { engineOf, withEngine } from './connection.ts';
import { configFromFiles } from './files.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { table } from './format.ts';

export function addConfigCommands(program: Command, run: Run): void {
  const config = program.command('config').description('the settings');
  config
    .command('show')
    .description('every key with its value, its factory value and what it does')
    .action(() => run(showAll));
  config
    .command('get')
    .argument('<key>', 'dotted, for instance watchdog.restart_limit')
    .description('the value of one key')
    .action((key: string) => run((session) => getOne(session, key)));
  config
    .command('set')
    .argument('<key>')
    .argument('<value>', 'JSON, or a plain word')
    .option('--confirm <key>', 'for keys with a consequence: the key once more')
    .option('--stage', 'keep a locked change for the next dataset', false)
    .description('change one key; a key that is locked while a dataset is trained is refused')
    .action((key: string, value: string, options: { confirm?: string; stage: boolean }) =>
      run((session) => set(session, key, value, options)),
    );
  config
    .command('stage')
    .argument('<key>')
    .argument('<value>', 'JSON, or a plain word')
    .option('--confirm <key>', 'for keys with a consequence: the key once more')
    .description('keep a change for the next dataset; without an open pass it is made at once')
    .action((key: string, value: string, options: { confirm?: string }) =>
      run((session) => set(session, key, value, { ...options, stage: true })),
    );
  config
    .command('unstage')
    .argument('<key>')
    .description('take a staged change back')
    .action((key: string) => run((session) => unstage(session, key)));
  config
    .command('validate')
    .argument('[file]', 'the config.json of the workspace without one')
    .description('every fault of a configuration file, by line and key; needs no engine')
    .action((file: string | undefined) => run((session) => validateConfig(session, file ?? null)));
  addEstimateCommand(config, run, parseValue);
}

export function valueAt(values: Config, key: string): unknown {
  let found: unknown = values;
  for (const part of key.split('.'))
    found =
      typeof found === 'object' && found !== null
        ? (found as Record<string, unknown>)[part]
        : undefined;
  return found;
}

/** `8` is a number, `true` a boolean, `cpu` a word; JSON in quotes stays text. */
export function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const plain = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

async function state(session: Session): Promise<{
  readonly values: Config;
  readonly differences: Record<string, unknown>;
  readonly locks: Record<string, string>;
  readonly staged: Record<string, unknown>;
}> {
  if ((await engineOf(session)) === null)
    return { ...(await configFromFiles(session)), locks: {}, staged: {} };
  return withEngine(session, (client) => client.config.get());
}

async function showAll(session: Session): Promise<ExitCode> {
  const config = await state(session);
  show(session, config, () =>
    table(
      ['key', 'value', 'factory value', 'unit', 'note'],
      describeKeys().map((facts) => {
        const value = plain(valueAt(config.values, facts.key));
        const factory = plain(facts.factory);
        const staged = config.staged[facts.key];
        const note =
          staged === undefined
            ? (config.locks[facts.key] ?? '')
            : `${plain(staged)} from the next dataset on`;
        return [facts.key, value, value === factory ? '' : factory, facts.unit ?? '', note];
      }),
    ),
  );
  return exitCode.ok;
}

async function getOne(session: Session, key: string): Promise<ExitCode> {
  if (!describeKeys().some((facts) => facts.key === key)) {
    session.terminal.error(`Unknown setting ${key}. nightshift config show lists them.\n`);
    return exitCode.usage;
  }
  const value = valueAt((await state(session)).values, key);
  show(session, value, plain(value));
  return exitCode.ok;
}

async function unstage(session: Session, key: string): Promise<ExitCode> {
  const answer = await withEngine(session, (client) => client.config.unstage({ key }));
  show(session, answer, `${key} stays ${plain(valueAt(answer.values, key))}.`);
  return exitCode.ok;
}

async function set(
  session: Session,
  key: string,
  text: string,
  options: { readonly confirm?: string; readonly stage: boolean },
): Promise<ExitCode> {
  const answer = await withEngine(session, (client) =>
    client.config.set({
      key,
      value: parseValue(text),
      confirm: options.confirm ?? null,
      stage: options.stage,
      by: 'you (command line)',
    }),
  );
  const staged = key in answer.staged;
  show(
    session,
    answer,
    staged
      ? `${key} becomes ${plain(answer.staged[key])} with the next dataset.`
      : `${key} is ${plain(valueAt(answer.values, key))}.`,
  );
  return exitCode.ok;
}
