/**
 * `nightshift versions list | create | compare | pin | unpin | verify | restore | rollback |
 * delete`
 */
import type { Command } from 'commander';
import { Refusal, VALIDATION_DATASET, VALIDATION_FIXED, type Version } from '../contract/index.ts';
import { engineOf, withEngine } from './connection.ts';
import { addVersionAnswers } from './evaluations.ts';
import { versionsFromFiles } from './offline/workspace-files.ts';
import type { Run } from './program.ts';
import { type RestoreOptions, restoreFrom, withRestoreOptions } from './restore.ts';
import { BY_COMMAND_LINE, exitCode, show, type ExitCode, type Session } from './session.ts';
import { bytes, count, decimal, dateTime, table, withWeights } from './format.ts';

export function addVersionCommands(program: Command, run: Run): void {
  const versions = program.command('versions').description('Manage model versions');
  versions
    .command('list')
    .description('List versions, newest first; works without an engine')
    .action(() => run(list));
  versions
    .command('create')
    .description('Create a version from the newest checkpoint')
    .requiredOption('--description <text>', 'description, shown in the list')
    .action((options: { description: string }) =>
      run(async (session) => {
        const version = await withEngine(session, (client) =>
          client.versions.create({ description: options.description, by: BY_COMMAND_LINE }),
        );
        show(
          session,
          version,
          `Created ${version.name} at step ${count(version.step)}, in ${version.folder}`,
        );
        return exitCode.ok;
      }),
    );
  versions
    .command('compare')
    .argument('<a>')
    .argument('<b>')
    .description('Compare metrics and settings of two versions; works without an engine')
    .action((a: string, b: string) => run((session) => compare(session, a, b)));
  for (const [verb, pinned, description] of [
    ['pin', true, 'Protect a version from deletion'],
    ['unpin', false, 'Allow a version to be deleted again'],
  ] as const)
    versions
      .command(verb)
      .argument('<name>')
      .description(description)
      .action((name: string) =>
        run(async (session) => {
          const version = await withEngine(session, (client) =>
            client.versions.pin({ name, pinned }),
          );
          show(
            session,
            version,
            `${version.name} is ${version.pinned ? 'pinned' : 'no longer pinned'}.`,
          );
          return exitCode.ok;
        }),
      );
  versions
    .command('verify')
    .argument('<name>')
    .description('Verify the SHA-256 of every file of a version')
    .action((name: string) =>
      run(async (session) => {
        const result = await withEngine(session, (client) => client.versions.verify({ name }));
        show(
          session,
          result,
          result.ok
            ? `${name}: all checksums match (${count(result.files)} files, ${bytes(result.bytes)}).`
            : `${name} is damaged: ${result.problem ?? ''}.`,
        );
        return result.ok ? exitCode.ok : exitCode.refused;
      }),
    );
  addVersionAnswers(versions, run);
  addRestoreCommands(versions, run);
}

/** Commands that replace the current model, or delete a version. */
function addRestoreCommands(versions: Command, run: Run): void {
  withRestoreOptions(
    versions
      .command('restore')
      .argument('<name>')
      .description('Restore a version, on a new branch; the current model is backed up first'),
  ).action((name: string, options: RestoreOptions) =>
    run((session) => restoreFrom(session, { kind: 'version', name }, name, options)),
  );
  withRestoreOptions(
    versions
      .command('rollback')
      .description(
        'Undo the last restore, or restore the previous version; to proceed: --confirm rollback',
      ),
  ).action((options: RestoreOptions) =>
    run((session) => restoreFrom(session, { kind: 'rollback' }, 'rollback', options)),
  );
  versions
    .command('delete')
    .argument('<name>')
    .description('Move a version to the trash; it is deleted after 30 days')
    .option('--confirm <name>', 'repeat the full name to proceed')
    .option('--last-copy', 'also delete the last copy of its step', false)
    .action((name: string, options: { confirm?: string; lastCopy: boolean }) =>
      run(async (session) => {
        await withEngine(session, (client) =>
          client.versions.remove({
            name,
            confirm: options.confirm ?? null,
            last_copy: options.lastCopy,
            by: BY_COMMAND_LINE,
          }),
        );
        show(session, { ok: true }, `Moved ${name} to the trash; it is deleted after 30 days.`);
        return exitCode.ok;
      }),
    );
}

async function allVersions(session: Session): Promise<readonly Version[]> {
  return (await engineOf(session)) === null
    ? versionsFromFiles(session)
    : withEngine(session, (client) => client.versions.list());
}

/** The step of the last evaluation, which may be earlier than the step of the version. */
const evaluatedAt = (version: Version): string =>
  version.evaluated_step === null
    ? ''
    : `${count(version.evaluated_step)}${withWeights(version.evaluated_precision)}`;

const match = (version: Version): string =>
  version.exact_match === null
    ? ''
    : `${count(version.exact_match.k)} of ${count(version.exact_match.n)}`;

async function list(session: Session): Promise<ExitCode> {
  const versions = await allVersions(session);
  show(session, versions, () =>
    versions.length === 0
      ? 'No versions yet.'
      : table(
          [
            'name',
            'step',
            VALIDATION_FIXED,
            'evaluated at step',
            'exact match',
            'size',
            'created',
            'description',
          ],
          versions.map((version) => [
            version.pinned ? `${version.name} (pinned)` : version.name,
            count(version.step),
            decimal(version.validation_loss),
            evaluatedAt(version),
            match(version),
            bytes(version.bytes),
            dateTime(version.created),
            version.description,
          ]),
        ),
  );
  return exitCode.ok;
}

async function compare(session: Session, a: string, b: string): Promise<ExitCode> {
  const versions = await allVersions(session);
  const [first, second] = [a, b].map((name) => versions.find((version) => version.name === name));
  if (first === undefined || second === undefined) {
    const subject = first === undefined ? a : b;
    throw new Refusal('NOT_FOUND', `There is no version ${subject}.`, {
      subject,
      next: 'To list versions: nightshift versions list',
    });
  }
  const settings = differingSettings(first, second);
  show(session, { a: first, b: second, settings }, () =>
    table(
      ['', first.name, second.name],
      [
        ['step', count(first.step), count(second.step)],
        [VALIDATION_FIXED, decimal(first.validation_loss), decimal(second.validation_loss)],
        [
          VALIDATION_DATASET,
          decimal(first.validation_dataset ?? null),
          decimal(second.validation_dataset ?? null),
        ],
        ['evaluated at step', evaluatedAt(first), evaluatedAt(second)],
        ['gap', decimal(first.gap), decimal(second.gap)],
        ['exact match', match(first), match(second)],
        ['created', dateTime(first.created), dateTime(second.created)],
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
    .filter((setting) => JSON.stringify(setting.a) !== JSON.stringify(setting.b));
}
