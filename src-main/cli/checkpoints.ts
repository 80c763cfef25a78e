/** checkpoints list, verify, restore, cleanup. */
import { InvalidArgumentError, type Command } from 'commander';
import { engineOf, withEngine } from './connection.ts';
import { checkpointsFromFiles, headFromFiles } from './kept-files.ts';
import type { Run } from './program.ts';
import { restoreFrom, type RestoreChoice, withRestoreOptions } from './restore.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { walkWithoutEngine } from './verify-worker.ts';
import { bytes, count, moment, table } from './format.ts';

const BY = 'you (command line)';

export function addCheckpointCommands(program: Command, run: Run): void {
  const checkpoints = program
    .command('checkpoints')
    .description('the saved states that training resumes from');
  checkpoints
    .command('list')
    .description('of every branch, by manifest and sizes; works without an engine')
    .action(() => run(list));
  checkpoints
    .command('verify')
    .description(
      'read every byte, and say what the next start would resume from; works without an engine',
    )
    .option('--branch <name>', 'another branch than the one that is trained')
    .action((options: { branch?: string }) =>
      run((session) => verify(session, options.branch ?? null)),
    );
  withRestoreOptions(
    checkpoints
      .command('restore')
      .argument('<step>', 'its step', wholeNumber)
      .description('the model goes back to a checkpoint, on a new branch')
      .option('--branch <name>', 'another branch than the one that is trained'),
  ).action((step: number, choice: RestoreChoice & { readonly branch?: string }) =>
    run(async (session) => {
      const branch = choice.branch ?? (await headFromFiles(session));
      return restoreFrom(session, { kind: 'checkpoint', branch, step }, String(step), choice);
    }),
  );
  checkpoints
    .command('cleanup')
    .description('remove all but the newest of each branch; without --execute only say what')
    .requiredOption('--keep <count>', 'how many of each branch stay, at most 1000', wholeNumber)
    .option('--execute', 'do it', false)
    .action((options: { keep: number; execute: boolean }) =>
      run((session) => cleanup(session, options)),
    );
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('a whole number, 1 or more.');
  return value;
}

async function list(session: Session): Promise<ExitCode> {
  const known =
    (await engineOf(session)) === null
      ? await checkpointsFromFiles(session)
      : (await withEngine(session, (client) => client.lineage.get())).checkpoints;
  show(session, known, () =>
    known.length === 0
      ? 'There is no checkpoint yet.'
      : table(
          ['branch', 'step', 'size', 'saved', 'state'],
          known.map((point) => [
            point.branch,
            count(point.step),
            bytes(point.bytes),
            moment(point.created),
            point.problem ?? 'sizes as saved',
          ]),
        ),
  );
  return exitCode.ok;
}

async function verify(session: Session, branch: string | null): Promise<ExitCode> {
  const isAlone = (await engineOf(session)) === null;
  let check;
  if (isAlone) {
    const name = branch ?? (await headFromFiles(session));
    check = await walkWithoutEngine(name, session.paths.checkpoints(name));
    session.terminal.error(
      'No engine runs: base and dataset file were not compared, and nothing was journalled.\n',
    );
  } else check = await withEngine(session, (client) => client.checkpoints.verify({ branch }));
  const { mismatch, text } = check;
  show(session, check, () =>
    mismatch === null ? text : `${text}\ntraining would refuse it: ${mismatch}`,
  );
  const isGood = mismatch === null && (check.resumes !== null || check.skipped.length === 0);
  return isGood ? exitCode.ok : exitCode.refused;
}

async function cleanup(
  session: Session,
  options: { readonly keep: number; readonly execute: boolean },
): Promise<ExitCode> {
  const plan = await withEngine(session, (client) =>
    client.checkpoints.cleanup({ ...options, by: BY }),
  );
  show(session, plan, () =>
    [
      ...plan.removes.map(
        (removal) => `remove  ${removal.branch} step ${count(removal.step)}: ${removal.why}`,
      ),
      ...plan.keeps.map((keep) => `keep    ${keep.branch} step ${count(keep.step)}: ${keep.why}`),
      plan.executed
        ? `${bytes(plan.freed_bytes)} freed.`
        : `${bytes(plan.freed_bytes)} would be freed; nothing was removed. With --execute it is.`,
    ].join('\n'),
  );
  return exitCode.ok;
}
