/** versions list, create, compare, pin, unpin, verify, restore, rollback, delete. */
import type { Command } from 'commander';
import type { Version } from '../contract/index.ts';
import { engineOf, withEngine } from './connection.ts';
import { versionsFromFiles } from './files.ts';
import type { Run } from './program.ts';
import { type RestoreChoice, restoreFrom, withRestoreOptions } from './restore.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { bytes, count, decimal, moment, table } from './format.ts';

const BY = 'you (command line)';

export function addVersionCommands(program: Command, run: Run): void {
  const versions = program.command('versions').description('the kept weights');
  versions
    .command('list')
    .description('newest first; works without an engine')
    .action(() => run(list));
  versions
    .command('create')
    .description('keep the weights of the newest checkpoint')
    .requiredOption('--description <text>', 'what it is, for later')
    .action((options: { description: string }) =>
      run(async (session) => {
        const made = await withEngine(session, (client) =>
          client.versions.create({ description: options.description, by: BY }),
        );
        show(session, made, `${made.name}: step ${count(made.step)}, in ${made.folder}`);
        return exitCode.ok;
      }),
    );
  versions
    .command('compare')
    .argument('<a>')
    .argument('<b>')
    .description('figures and settings of two versions; works without an engine')
    .action((a: string, b: string) => run((session) => compare(session, a, b)));
  for (const [verb, pinned, text] of [
    ['pin', true, 'a pinned version is not deleted'],
    ['unpin', false, 'it may be deleted again'],
  ] as const)
    versions
      .command(verb)
      .argument('<name>')
      .description(text)
      .action((name: string) =>
        run(async (session) => {
          const version = await withEngine(session, (client) =>
            client.versions.pin({ name, pinned }),
          );
          show(session, version, `${version.name} is ${version.pinned ? 'pinned' : 'not pinned'}.`);
          return exitCode.ok;
        }),
      );
  versions
    .command('verify')
    .argument('<name>')
    .description('compare every file with the SHA-256 it was published with')
    .action((name: string) =>
      run(async (session) => {
        const answer = await withEngine(session, (client) => client.versions.verify({ name }));
        show(
          session,
          answer,
          answer.ok
            ? `${name}: ${count(answer.files)} files, ${bytes(answer.bytes)}, as published.`
            : `${name} is damaged: ${answer.problem ?? ''}.`,
        );
        return answer.ok ? exitCode.ok : exitCode.refused;
      }),
    );
  withRestoreOptions(
    versions
      .command('restore')
      .argument('<name>')
      .description('go back to a version, in a new branch; the model as it is is copied first'),
  ).action((name: string, choice: RestoreChoice) =>
    run((session) => restoreFrom(session, { kind: 'version', name }, name, choice)),
  );
  withRestoreOptions(
    versions
      .command('rollback')
      .description(
        'undo the last restore, or go back to the version before; --confirm rollback carries it out',
      ),
  ).action((choice: RestoreChoice) =>
    run((session) => restoreFrom(session, { kind: 'rollback' }, 'rollback', choice)),
  );
  versions
    .command('delete')
    .argument('<name>')
    .description('move a version to the trash, where it stays for 30 days')
    .option('--confirm <name>', 'its full name, again')
    .option('--last-copy', 'also when nothing else holds that step', false)
    .action((name: string, options: { confirm?: string; lastCopy: boolean }) =>
      run(async (session) => {
        await withEngine(session, (client) =>
          client.versions.remove({
            name,
            confirm: options.confirm ?? null,
            last_copy: options.lastCopy,
            by: BY,
          }),
        );
        show(session, { ok: true }, `${name} is in the trash for 30 days.`);
        return exitCode.ok;
      }),
    );
}

async function all(session: Session): Promise<readonly Version[]> {
  return (await engineOf(session)) === null
    ? versionsFromFiles(session)
    : withEngine(session, (client) => client.versions.list());
}

/** The step of the evaluation; it may lie before the one that is kept. */
const measuredAt = (version: Version): string =>
  version.evaluated_step === null ? '' : count(version.evaluated_step);

const match = (version: Version): string =>
  version.exact_match === null
    ? ''
    : `${count(version.exact_match.k)} of ${count(version.exact_match.n)}`;

async function list(session: Session): Promise<ExitCode> {
  const known = await all(session);
  show(session, known, () =>
    known.length === 0
      ? 'There is no version yet.'
      : table(
          [
            'name',
            'step',
            'validation loss',
            'measured at step',
            'exact match',
            'size',
            'created',
            'description',
          ],
          known.map((version) => [
            version.pinned ? `${version.name} (pinned)` : version.name,
            count(version.step),
            decimal(version.validation_loss),
            measuredAt(version),
            match(version),
            bytes(version.bytes),
            moment(version.created),
            version.description,
          ]),
        ),
  );
  return exitCode.ok;
}

async function compare(session: Session, a: string, b: string): Promise<ExitCode> {
  const known = await all(session);
  const found = [a, b].map((name) => known.find((version) => version.name === name));
  const [first, second] = found;
  if (first === undefined || second === undefined) {
    session.terminal.error(
      `There is no version ${first === undefined ? a : b}. nightshift versions list lists them.\n`,
    );
    return exitCode.usage;
  }
  const settings = differingSettings(first, second);
  show(session, { a: first, b: second, settings }, () =>
    table(
      ['', first.name, second.name],
      [
        ['step', count(first.step), count(second.step)],
        ['validation loss', decimal(first.validation_loss), decimal(second.validation_loss)],
        ['measured at step', measuredAt(first), measuredAt(second)],
        ['gap', decimal(first.gap), decimal(second.gap)],
        ['exact match', match(first), match(second)],
        ['created', moment(first.created), moment(second.created)],
        ...settings.map((setting) => [
          setting.key,
          JSON.stringify(setting.a),
          JSON.stringify(setting.b),
        ]),
      ],
    ),
  );
  return exitCode.ok;
}

function differingSettings(
  a: Version,
  b: Version,
): readonly { readonly key: string; readonly a: unknown; readonly b: unknown }[] {
  const keys = [...new Set([...Object.keys(a.config ?? {}), ...Object.keys(b.config ?? {})])];
  return keys
    .map((key) => ({ key, a: a.config?.[key] ?? null, b: b.config?.[key] ?? null }))
    .filter((key) => JSON.stringify(key.a) !== JSON.stringify(key.b));
}
