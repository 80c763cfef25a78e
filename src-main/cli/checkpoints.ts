/** `nightshift checkpoints list | verify | restore | cleanup` */
import { InvalidArgumentError, type Command } from 'commander';
import { cleanUp } from './clean-up.ts';
import { engineOf, withEngine } from './connection.ts';
import { checkpointsFromFiles, headFromFiles } from './offline/backup-and-checkpoint-files.ts';
import { branchName, checkpointStep } from './find.ts';
import type { Run } from './program.ts';
import { restoreFrom, type RestoreOptions, withRestoreOptions } from './restore.ts';
import { BY_COMMAND_LINE, exitCode, show, type ExitCode, type Session } from './session.ts';
import { verifyWithoutEngine } from './verify-worker.ts';
import { bytes, count, dateTime, table } from './format.ts';

export function addCheckpointCommands(program: Command, run: Run): void {
  const checkpoints = program.command('checkpoints').description('Manage checkpoints');
  checkpoints
    .command('list')
    .description(
      'List the checkpoints of every branch and check their file sizes; works without an engine',
    )
    .action(() => run(list));
  checkpoints
    .command('verify')
    .description(
      'Verify the checksums of every checkpoint and show which one training would resume from; works without an engine',
    )
    .option('--branch <branch>', 'branch (default: the active branch)')
    .action((options: { branch?: string }) =>
      run(async (session) =>
        verify(
          session,
          options.branch === undefined ? null : await branchName(session, options.branch),
        ),
      ),
    );
  withRestoreOptions(
    checkpoints
      .command('restore')
      .argument('<step>', 'step of the checkpoint')
      .description('Restore the model from a checkpoint, on a new branch')
      .option('--branch <branch>', 'branch (default: the active branch)'),
  ).action((typed: string, options: RestoreOptions & { readonly branch?: string }) =>
    run(async (session) => {
      const branch =
        options.branch === undefined
          ? await headFromFiles(session)
          : await branchName(session, options.branch);
      const step = await checkpointStep(session, branch, typed);
      return restoreFrom(session, { kind: 'checkpoint', branch, step }, String(step), options);
    }),
  );
  checkpoints
    .command('cleanup')
    .description(
      'Delete all but the newest checkpoints of each branch; without --execute, only list them',
    )
    .requiredOption(
      '--keep <count>',
      'number of checkpoints to keep per branch, at most 1000',
      positiveInteger,
    )
    .option('--execute', 'delete them', false)
    .action((options: { keep: number; execute: boolean }) =>
      run((session) => cleanup(session, options)),
    );
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('Expected a whole number, 1 or more.');
  return value;
}

async function list(session: Session): Promise<ExitCode> {
  const checkpoints =
    (await engineOf(session)) === null
      ? await checkpointsFromFiles(session)
      : (await withEngine(session, (client) => client.lineage.get())).checkpoints;
  show(session, checkpoints, () =>
    checkpoints.length === 0
      ? 'No checkpoints yet.'
      : table(
          ['branch', 'step', 'size', 'saved', 'state'],
          checkpoints.map((checkpoint) => [
            checkpoint.branch,
            count(checkpoint.step),
            bytes(checkpoint.bytes),
            dateTime(checkpoint.created),
            checkpoint.problem ?? 'size OK',
          ]),
        ),
  );
  return exitCode.ok;
}

async function verify(session: Session, branch: string | null): Promise<ExitCode> {
  let check;
  if ((await engineOf(session)) === null) {
    const name = branch ?? (await headFromFiles(session));
    check = await verifyWithoutEngine(name, session.paths.checkpoints(name));
    session.terminal.error(
      'No engine is running: the base model and the dataset file were not checked, and the result was not recorded.\n',
    );
  } else check = await withEngine(session, (client) => client.checkpoints.verify({ branch }));
  const { mismatch, text } = check;
  show(session, check, () =>
    mismatch === null ? text : `${text}\nTraining would not accept it: ${mismatch}`,
  );
  const isResumable = mismatch === null && (check.resumes !== null || check.skipped.length === 0);
  return isResumable ? exitCode.ok : exitCode.refused;
}

async function cleanup(
  session: Session,
  options: { readonly keep: number; readonly execute: boolean },
): Promise<ExitCode> {
  return cleanUp(session, {
    execute: options.execute,
    call: (client, execute) =>
      client.checkpoints.cleanup({ keep: options.keep, execute, by: BY_COMMAND_LINE }),
    text: (plan) =>
      [
        ...plan.removes.map(
          (removal) => `delete  ${removal.branch} step ${count(removal.step)}: ${removal.why}`,
        ),
        ...plan.keeps.map((keep) => `keep    ${keep.branch} step ${count(keep.step)}: ${keep.why}`),
      ].join('\n'),
  });
}
