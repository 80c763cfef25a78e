/**
 * `nightshift config show | get | set | stage | unstage`. Only the engine knows which settings are
 * locked, so changes need it.
 */
import type { Command } from 'commander';
import { describeKeys, type Config } from '../contract/index.ts';
import { addEstimateCommand } from './config-estimate.ts';
import { validateConfig } from './config-validate.ts';
import { confirming } from './confirm.ts';
import { engineOf, withEngine } from './connection.ts';
import { configFromFiles } from './offline/workspace-files.ts';
import type { Run } from './program.ts';
import {
  BY_COMMAND_LINE,
  exitCode,
  show,
  UsageError,
  type ExitCode,
  type Session,
} from './session.ts';
import { table } from './format.ts';

export function addConfigCommands(program: Command, run: Run): void {
  const config = program.command('config').description('View and change settings');
  config
    .command('show')
    .description('List every setting with its value and default')
    .action(() => run(showAll));
  config
    .command('get')
    .argument('<key>', 'dotted name, such as watchdog.restart_limit')
    .description('Print the value of a setting')
    .action((key: string) => run((session) => showValue(session, key)));
  config
    .command('set')
    .argument('<key>')
    .argument('<value>', 'JSON or plain text')
    .option('--confirm <key>', 'repeat the key to confirm a change with side effects')
    .option('--stage', 'if the setting is locked, apply the change from the next dataset', false)
    .description('Change a setting; refused if the setting is locked while a dataset is training')
    .action((key: string, value: string, options: { confirm?: string; stage: boolean }) =>
      run((session) => set(session, key, value, options)),
    );
  config
    .command('stage')
    .argument('<key>')
    .argument('<value>', 'JSON or plain text')
    .option('--confirm <key>', 'repeat the key to confirm a change with side effects')
    .description(
      'Change a setting from the next dataset; applies immediately if no dataset is training',
    )
    .action((key: string, value: string, options: { confirm?: string }) =>
      run((session) => set(session, key, value, { ...options, stage: true })),
    );
  config
    .command('unstage')
    .argument('<key>')
    .description('Unstage a change')
    .action((key: string) => run((session) => unstage(session, key)));
  config
    .command('validate')
    .argument('[file]', 'configuration file (default: config.json of the workspace)')
    .description(
      'Check a configuration file and list its errors by line and key; works without an engine',
    )
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

/** Parses JSON (`8`, `true`, `"8"`); anything else, such as `cpu`, is a string. */
export function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const valueText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

async function readConfig(session: Session): Promise<{
  readonly values: Config;
  readonly differences: Readonly<Record<string, unknown>>;
  readonly locks: Record<string, string>;
  readonly staged: Record<string, unknown>;
}> {
  if ((await engineOf(session)) === null)
    return { ...(await configFromFiles(session)), locks: {}, staged: {} };
  return withEngine(session, (client) => client.config.get());
}

async function showAll(session: Session): Promise<ExitCode> {
  const config = await readConfig(session);
  show(session, config, () =>
    table(
      ['key', 'value', 'default', 'unit', 'note'],
      describeKeys().map((facts) => {
        const value = valueText(valueAt(config.values, facts.key));
        const defaultValue = valueText(facts.factory);
        const staged = config.staged[facts.key];
        const note =
          staged === undefined
            ? (config.locks[facts.key] ?? '')
            : `${valueText(staged)} from the next dataset`;
        return [
          facts.key,
          value,
          value === defaultValue ? '' : defaultValue,
          facts.unit ?? '',
          note,
        ];
      }),
    ),
  );
  return exitCode.ok;
}

async function showValue(session: Session, key: string): Promise<ExitCode> {
  if (!describeKeys().some((facts) => facts.key === key))
    throw new UsageError(`No setting named ${key}. To list settings: nightshift config show`);
  const value = valueAt((await readConfig(session)).values, key);
  show(session, value, valueText(value));
  return exitCode.ok;
}

async function unstage(session: Session, key: string): Promise<ExitCode> {
  const config = await withEngine(session, (client) => client.config.unstage({ key }));
  show(session, config, `${key} stays ${valueText(valueAt(config.values, key))}.`);
  return exitCode.ok;
}

async function set(
  session: Session,
  key: string,
  text: string,
  options: { readonly confirm?: string; readonly stage: boolean },
): Promise<ExitCode> {
  const config = await withEngine(session, (client) =>
    confirming(session, options.confirm, (confirm) =>
      client.config.set({
        key,
        value: parseValue(text),
        confirm,
        stage: options.stage,
        by: BY_COMMAND_LINE,
      }),
    ),
  );
  const isStaged = key in config.staged;
  show(
    session,
    config,
    isStaged
      ? `${key} changes to ${valueText(config.staged[key])} with the next dataset.`
      : `${key} is now ${valueText(valueAt(config.values, key))}.`,
  );
  return exitCode.ok;
}
