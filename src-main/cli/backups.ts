/** backup list, create, verify, restore, extract, cleanup. */
import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { backupType, type Backup, type BackupSource, type BackupType } from '../contract/index.ts';
import { engineOf, withEngine } from './connection.ts';
import { backupProblem, backupsFromFiles } from './kept-files.ts';
import type { Run } from './program.ts';
import { restoreFrom, type RestoreChoice, withRestoreOptions } from './restore.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { bytes, count, moment, table } from './format.ts';

const BY = 'you (command line)';

interface CreateOptions {
  readonly type: BackupType;
  readonly reason: string;
  readonly ofVersion?: string;
}

export function addBackupCommands(program: Command, run: Run): void {
  const backup = program.command('backup').description('independent, verified copies');
  backup
    .command('list')
    .description('newest first; works without an engine')
    .action(() => run(list));
  backup
    .command('create')
    .argument('[path]', 'any folder; without it and without --of-version the model')
    .description('copy the model, a version or a folder, and read the copy back')
    .addOption(
      new Option('--type <type>', 'what it is for').choices(backupType.options).default('manual'),
    )
    .requiredOption('--reason <text>', 'why, for later')
    .option('--of-version <name>', 'this version')
    .action((path: string | undefined, options: CreateOptions) =>
      run((session) => create(session, path, options)),
    );
  backup
    .command('verify')
    .argument('<id>')
    .description('compare every byte with what was copied; works without an engine')
    .action((id: string) => run((session) => verify(session, id)));
  withRestoreOptions(
    backup
      .command('restore')
      .argument('<id>')
      .description('the model goes back to what a backup holds, on a new branch'),
  ).action((id: string, choice: RestoreChoice) =>
    run((session) => restoreFrom(session, { kind: 'backup', id }, id, choice)),
  );
  backup
    .command('extract')
    .argument('<id>')
    .description('put its files into a new folder, and compare them there')
    .requiredOption('--to <folder>', 'a folder that does not exist yet')
    .action((id: string, options: { to: string }) =>
      run((session) => extract(session, id, options.to)),
    );
  backup
    .command('cleanup')
    .description('remove what is older than its retention; without --execute only say what')
    .option('--retention-days <days>', 'instead of disk.backup_retention_days', dayCount)
    .option('--last-copies', 'also what nothing else holds', false)
    .option('--execute', 'do it', false)
    .action((options: { retentionDays?: number; lastCopies: boolean; execute: boolean }) =>
      run((session) => cleanup(session, options)),
    );
}

function dayCount(text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('a number of days, 0 or more.');
  return value;
}

function stateOf(pick: Pick<Backup, 'verified'>): string {
  if (pick.verified === null) return 'unknown';
  return pick.verified.ok
    ? `verified ${moment(pick.verified.t)}`
    : `damaged: ${pick.verified.problem ?? 'unknown'}`;
}

async function list(session: Session): Promise<ExitCode> {
  const isAlone = (await engineOf(session)) === null;
  const known = isAlone
    ? (await backupsFromFiles(session)).map(
        (backupsFromFile) =>
          backupsFromFile.facts ?? {
            id: backupsFromFile.id,
            folder: backupsFromFile.folder,
            problem: backupsFromFile.problem,
          },
      )
    : await withEngine(session, (client) => client.backups.list());
  show(session, known, () =>
    known.length === 0
      ? 'There is no backup yet.'
      : table(
          ['id', 'step', 'size', 'made', 'holds', 'reason', 'state'],
          known.map((backup) =>
            'created' in backup
              ? [
                  backup.id,
                  backup.step === null ? '' : count(backup.step),
                  bytes(backup.bytes),
                  moment(backup.created),
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
  if (path !== undefined && version !== undefined) {
    session.terminal.error('A folder and --of-version exclude each other.\n');
    return exitCode.usage;
  }
  const source: BackupSource =
    version !== undefined
      ? { kind: 'version', name: version }
      : path !== undefined
        ? { kind: 'folder', path: resolve(path) }
        : { kind: 'model' };
  const made = await withEngine(session, (client) =>
    client.backups.create({ source, type, reason, by: BY }),
  );
  show(
    session,
    made,
    `${made.id}: ${made.holds}, ${count(made.files)} files, ${bytes(made.bytes)}, read back. In ${made.folder}`,
  );
  return exitCode.ok;
}

async function verify(session: Session, id: string): Promise<ExitCode> {
  let problem: string | null;
  if ((await engineOf(session)) === null) {
    const backupsFromFile = (await backupsFromFiles(session)).find((known) => known.id === id);
    if (backupsFromFile === undefined) {
      session.terminal.error(`There is no backup ${id}. nightshift backup list lists them.\n`);
      return exitCode.refused;
    }
    problem = await backupProblem(backupsFromFile);
    session.terminal.error('No engine runs: the result was not kept and not journalled.\n');
    show(session, { id, ok: problem === null, problem }, sentence(id, problem));
  } else {
    const backup = await withEngine(session, (client) => client.backups.verify({ id }));
    problem = backup.verified?.problem ?? null;
    show(session, backup, sentence(id, problem));
  }
  return problem === null ? exitCode.ok : exitCode.refused;
}

const sentence = (id: string, problem: string | null): string =>
  problem === null ? `${id}: every byte is what was copied.` : `${id} is damaged: ${problem}.`;

async function extract(session: Session, id: string, to: string): Promise<ExitCode> {
  const done = await withEngine(session, (client) =>
    client.backups.extract({ id, to: resolve(to), by: BY }),
  );
  show(
    session,
    done,
    `${count(done.files)} files, ${bytes(done.bytes)}, compared in ${done.folder}.`,
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
  const plan = await withEngine(session, (client) =>
    client.backups.cleanup({
      retention_days: options.retentionDays ?? null,
      last_copies: options.lastCopies,
      execute: options.execute,
      by: BY,
    }),
  );
  show(session, plan, () =>
    [
      ...plan.removes.map((removal) => `remove  ${removal.id}: ${removal.why}`),
      ...plan.keeps.map((keep) => `keep    ${keep.id}: ${keep.why}`),
      plan.executed
        ? `${bytes(plan.freed_bytes)} freed.`
        : `${bytes(plan.freed_bytes)} would be freed; nothing was removed. With --execute it is.`,
    ].join('\n'),
  );
  return exitCode.ok;
}
