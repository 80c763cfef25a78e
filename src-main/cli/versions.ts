/**
 * `nightshift versions list | create | show | compare | pin | unpin | verify | restore | rollback |
 * delete`
 */
import type { Command } from 'commander';
import { VALIDATION_FIXED } from '../contract/index.ts';
import { confirming } from './confirm.ts';
import { withEngine } from './connection.ts';
import { addVersionAnswers } from './evaluations.ts';
import { versionName } from './find.ts';
import type { Run } from './program.ts';
import { type RestoreOptions, restoreFrom, withRestoreOptions } from './restore.ts';
import { BY_COMMAND_LINE, exitCode, show, type ExitCode, type Session } from './session.ts';
import { bytes, count, decimal, dateTime, table } from './format.ts';
import { allVersions, compare, evaluatedAt, match, showVersion } from './version-show.ts';

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
    .command('show')
    .argument('<version>', 'name, number or the beginning of the name')
    .description('Show what a version was trained on and how it scored; works without an engine')
    .action((name: string) => run((session) => showVersion(session, name)));
  versions
    .command('compare')
    .argument('<version>')
    .argument('<other>')
    .description('Compare metrics and settings of two versions; works without an engine')
    .action((a: string, b: string) => run((session) => compare(session, a, b)));
  for (const [verb, pinned, description] of [
    ['pin', true, 'Protect a version from deletion'],
    ['unpin', false, 'Allow a version to be deleted again'],
  ] as const)
    versions
      .command(verb)
      .argument('<version>', 'name, number or the beginning of the name')
      .description(description)
      .action((name: string) =>
        run(async (session) => {
          const found = await versionName(session, name);
          const version = await withEngine(session, (client) =>
            client.versions.pin({ name: found, pinned }),
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
    .argument('<version>', 'name, number or the beginning of the name')
    .description('Verify the SHA-256 of every file of a version')
    .action((typed: string) =>
      run(async (session) => {
        const name = await versionName(session, typed);
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
      .argument('<version>', 'name, number or the beginning of the name')
      .description('Restore a version, on a new branch; the current model is backed up first'),
  ).action((typed: string, options: RestoreOptions) =>
    run(async (session) => {
      const name = await versionName(session, typed);
      return restoreFrom(session, { kind: 'version', name }, name, options);
    }),
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
    .argument('<version>', 'name, number or the beginning of the name')
    .description('Move a version to the trash; it is deleted after 30 days')
    .option('--confirm <name>', 'repeat the full name to proceed')
    .option('--last-copy', 'also delete the last copy of its step', false)
    .action((typed: string, options: { confirm?: string; lastCopy: boolean }) =>
      run(async (session) => {
        const name = await versionName(session, typed);
        await withEngine(session, (client) =>
          confirming(session, options.confirm, (confirm, facts) =>
            client.versions.remove({
              name,
              confirm,
              // The question says it when this is the last copy.
              last_copy: options.lastCopy || facts['last_copy'] === 'yes',
              by: BY_COMMAND_LINE,
            }),
          ),
        );
        show(session, { ok: true }, `Moved ${name} to the trash; it is deleted after 30 days.`);
        return exitCode.ok;
      }),
    );
}

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
