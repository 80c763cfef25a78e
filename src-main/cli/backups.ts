/** `nightshift backup list | create | verify | restore | extract | cleanup` */
import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  backupType,
  Refusal,
  type Backup,
  type BackupSource,
  type BackupType,
} from '../contract/index.ts';
import { cleanUp } from './clean-up.ts';
import { type EngineClient, engineOf, withEngine } from './connection.ts';

import { backupProblem, backupsFromFiles } from './offline/backup-and-checkpoint-files.ts';
import { backupId, versionName } from './find.ts';
import type { Run } from './program.ts';
import { restoreFrom, type RestoreOptions, withRestoreOptions } from './restore.ts';
import {
  BY_COMMAND_LINE,
  exitCode,
  show,
  UsageError,
  type ExitCode,
  type Session,
} from './session.ts';
import { bytes, count, dateTime, table } from './format.ts';

type BackupCleanup = Awaited<ReturnType<EngineClient['backups']['cleanup']>>;

interface CreateOptions {
  readonly type: BackupType;
  readonly reason: string;
  readonly ofVersion?: string;
}

export function addBackupCommands(program: Command, run: Run): void {
  const backup = program
    .command('backup')
    .description('Manage backups (independent, verified copies)');
  backup
    .command('list')
    .description('List backups, newest first; works without an engine')
    .action(() => run(list));
  backup
    .command('create')
    .argument('[path]', 'folder to back up (default: the current model)')
    .description('Back up the current model, a version or a folder, and verify the copy')
    .addOption(
      new Option('--type <type>', 'type of the backup')
        .choices(backupType.options)
        .default('manual'),
    )
    .requiredOption('--reason <text>', 'reason, shown in the list')
    .option('--of-version <version>', 'back up this version')
    .action((path: string | undefined, options: CreateOptions) =>
      run((session) => create(session, path, options)),
    );
  backup
    .command('verify')
    .argument('<backup>', 'id of a backup, or the beginning of one')
    .description('Verify the SHA-256 of every file; works without an engine')
    .action((id: string) => run((session) => verify(session, id)));
  withRestoreOptions(
    backup
      .command('restore')
      .argument('<backup>', 'id of a backup, or the beginning of one')
      .description('Restore the model from a backup, on a new branch'),
  ).action((typed: string, options: RestoreOptions) =>
    run(async (session) => {
      const id = await backupId(session, typed);
      return restoreFrom(session, { kind: 'backup', id }, id, options);
    }),
  );
  backup
    .command('extract')
    .argument('<backup>', 'id of a backup, or the beginning of one')
    .description('Extract the files of a backup into a new folder and verify them')
    .requiredOption('--to <folder>', 'target folder; must not exist')
    .action((id: string, options: { to: string }) =>
      run((session) => extract(session, id, options.to)),
    );
  backup
    .command('cleanup')
    .description('Delete backups past their retention; without --execute, only list them')
    .option('--retention-days <days>', 'overrides disk.backup_retention_days', dayCount)
    .option('--last-copies', 'also delete the last copy of a model', false)
    .option('--execute', 'delete them', false)
    .action((options: { retentionDays?: number; lastCopies: boolean; execute: boolean }) =>
      run((session) => cleanup(session, options)),
    );
}

function dayCount(text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('Expected a number of days, 0 or more.');
  return value;
}

function stateOf({ verified }: Pick<Backup, 'verified'>): string {
  if (verified === null) return 'not verified yet';
  return verified.ok
    ? `verified ${dateTime(verified.t)}`
    : `damaged: ${verified.problem ?? 'unknown'}`;
}

async function list(session: Session): Promise<ExitCode> {
  const backups =
    (await engineOf(session)) === null
      ? (await backupsFromFiles(session)).map(
          ({ id, folder, facts, problem }) => facts ?? { id, folder, problem },
        )
      : await withEngine(session, (client) => client.backups.list());
  show(session, backups, () =>
    backups.length === 0
      ? 'No backups yet.'
      : table(
          ['id', 'step', 'size', 'created', 'content', 'reason', 'state'],
          backups.map((backup) =>
            'created' in backup
              ? [
                  backup.id,
                  backup.step === null ? '' : count(backup.step),
                  bytes(backup.bytes),
                  dateTime(backup.created),
                  backup.holds,
                  backup.reason,
                  stateOf(backup),
                ]
              : [backup.id, '', '', '', 'unknown', '', `damaged: ${backup.problem ?? ''}`],
          ),
        ),
  );
  return exitCode.ok;
}

async function create(
  session: Session,
  path: string | undefined,
  { type, reason, ofVersion: version }: CreateOptions,
): Promise<ExitCode> {
  if (path !== undefined && version !== undefined)
    throw new UsageError('Specify either a folder or --of-version, not both.');
  const source: BackupSource =
    version !== undefined
      ? { kind: 'version', name: await versionName(session, version) }
      : path !== undefined
        ? { kind: 'folder', path: resolve(path) }
        : { kind: 'model' };
  const backup = await withEngine(session, (client) =>
    client.backups.create({ source, type, reason, by: BY_COMMAND_LINE }),
  );
  show(
    session,
    backup,
    `Created and verified ${backup.id}: ${backup.holds}, ${count(backup.files)} files, ${bytes(backup.bytes)}, in ${backup.folder}`,
  );
  return exitCode.ok;
}

async function verify(session: Session, typed: string): Promise<ExitCode> {
  const id = await backupId(session, typed);
  let problem: string | null;
  if ((await engineOf(session)) === null) {
    const backup = (await backupsFromFiles(session)).find((candidate) => candidate.id === id);
    if (backup === undefined)
      throw new Refusal('NOT_FOUND', `There is no backup ${id}.`, {
        subject: id,
        next: 'To list backups: nightshift backup list',
      });
    problem = await backupProblem(backup);
    session.terminal.error('No engine is running, so the result was not recorded.\n');
    show(session, { id, ok: problem === null, problem }, verifyText(id, problem));
  } else {
    const backup = await withEngine(session, (client) => client.backups.verify({ id }));
    problem = backup.verified?.problem ?? null;
    show(session, backup, verifyText(id, problem));
  }
  return problem === null ? exitCode.ok : exitCode.refused;
}

const verifyText = (id: string, problem: string | null): string =>
  problem === null ? `${id}: all checksums match.` : `${id} is damaged: ${problem}.`;

async function extract(session: Session, typed: string, to: string): Promise<ExitCode> {
  const result = await withEngine(session, async (client) =>
    client.backups.extract({
      id: await backupId(session, typed),
      to: resolve(to),
      by: BY_COMMAND_LINE,
    }),
  );
  show(
    session,
    result,
    `Extracted and verified ${count(result.files)} files, ${bytes(result.bytes)}, in ${result.folder}.`,
  );
  return exitCode.ok;
}

async function cleanup(
  session: Session,
  options: {
    readonly retentionDays?: number;
    readonly lastCopies: boolean;
    readonly execute: boolean;
  },
): Promise<ExitCode> {
  return cleanUp(session, {
    execute: options.execute,
    call: (client, execute) =>
      client.backups.cleanup({
        retention_days: options.retentionDays ?? null,
        last_copies: options.lastCopies,
        execute,
        by: BY_COMMAND_LINE,
      }),
    text: planText,
  });
}

function planText(plan: BackupCleanup): string {
  return [
    ...plan.removes.map((removal) => `delete  ${removal.id}: ${removal.why}`),
    ...plan.keeps.map((keep) => `keep    ${keep.id}: ${keep.why}`),
  ].join('\n');
}
