/** `nightshift queue …`. A dataset is named by its id or file name. */
import { basename, resolve } from 'node:path';
import { Argument, Option, type Command } from 'commander';
import type { DatasetSummary, Priority } from '../contract/index.ts';
import { answersText } from './answers.ts';
import { addEvaluations } from './evaluations.ts';
import { engineOf, withEngine, type EngineClient } from './connection.ts';
import { queueFromFiles } from './offline/workspace-files.ts';
import type { Run } from './program.ts';
import { addDecisionCommands } from './queue-decisions.ts';
import { datasetId, findDataset } from './find.ts';
import { type RestoreOptions, restoreFrom, withRestoreOptions } from './restore.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { accountText, datasetsText, reportText, rowsText } from './queue-text.ts';
import { bytes, dateTime, table } from './format.ts';

const PRIORITIES = ['high', 'normal', 'low'] as const;

export function addQueueCommands(program: Command, run: Run): void {
  const queue = program.command('queue').description('Manage the dataset queue');
  const dataset = new Argument(
    '<dataset>',
    'id or file name of a dataset, or the beginning of one',
  );
  const priority = new Argument('<priority>', 'high, normal or low').choices(PRIORITIES);

  queue
    .command('list')
    .description('List all datasets in queue order; works without an engine')
    .action(() => run(list));
  queue
    .command('status')
    .description('Show the state of the queue and the number of datasets')
    .action(() => run(status));
  queue
    .command('add')
    .description(
      'Copy files or folders into the workspace and queue them; the originals stay unchanged',
    )
    .argument('<paths...>')
    .addOption(new Option('--priority <priority>').choices(PRIORITIES).default('normal'))
    .action((paths: string[], options: { priority: Priority }) =>
      run((session) => add(session, paths, options.priority)),
    );
  queue
    .command('set-priority')
    .addArgument(dataset)
    .addArgument(priority)
    .description('Change the priority of a queued dataset; it moves to the end of that priority')
    .action((name: string, newPriority: Priority) =>
      run((session) =>
        change(session, name, (client, id) => client.queue.move({ id, priority: newPriority })),
      ),
    );
  queue
    .command('move')
    .addArgument(dataset)
    .option('--before <dataset>', 'dataset to move in front of (default: the end)')
    .description('Move a dataset within its priority')
    .action((name: string, options: { before?: string }) =>
      run((session) => move(session, name, options.before ?? null)),
    );
  queue
    .command('hold')
    .addArgument(dataset)
    .option('--off', 'release it', false)
    .description('Keep a queued dataset from training until it is released')
    .action((name: string, options: { off: boolean }) =>
      run((session) =>
        change(session, name, (client, id) => client.queue.hold({ id, held: !options.off })),
      ),
    );
  queue
    .command('retry')
    .addArgument(dataset)
    .description('Queue a failed, skipped or completed dataset again')
    .action((name: string) =>
      run((session) => change(session, name, (client, id) => client.queue.retry({ id }))),
    );
  queue
    .command('remove')
    .alias('cancel')
    .addArgument(dataset)
    .description(
      'Remove a dataset from the queue and end its validation; its file moves to skipped',
    )
    .action((name: string) => run((session) => remove(session, name)));
  withRestoreOptions(
    queue
      .command('undo')
      .alias('take-back')
      .addArgument(dataset)
      .description('Undo the training of a dataset: restore the model from before its first step'),
  ).action((name: string, options: RestoreOptions) =>
    run(async (session) => {
      const found = await withEngine(session, (client) => findDataset(client, name));
      // `--confirm` repeats what was typed in full: the id, or the file name.
      const confirm = name === found.name ? name : found.id;
      return restoreFrom(session, { kind: 'undo_dataset', dataset: found.id }, confirm, options);
    }),
  );
  queue
    .command('show')
    .addArgument(dataset)
    .option('--rows', 'print the state of every row', false)
    .option('--answers', 'print what the model answered before and after', false)
    .description('Show the validation report of a dataset and what happened to its rows')
    .action((name: string, options: { rows: boolean; answers: boolean }) =>
      run((session) =>
        options.answers ? showAnswers(session, name) : showDataset(session, name, options.rows),
      ),
    );
  addEvaluations(queue, dataset, run);
  addDecisionCommands(queue, run);
}

async function list(session: Session): Promise<ExitCode> {
  if ((await engineOf(session)) === null) {
    const files = await queueFromFiles(session);
    show(session, { engine: null, files }, () =>
      files.length === 0
        ? 'No engine is running; the workspace folders contain no datasets.'
        : `No engine is running; from the workspace folders:\n${table(
            ['place', 'priority', 'name', 'size'],
            files.map((file) => [file.place, file.priority ?? '', file.name, bytes(file.bytes)]),
          )}`,
    );
    return exitCode.ok;
  }
  const datasets = await withEngine(session, (client) => client.datasets.list());
  show(session, datasets, () => datasetsText(datasets));
  return exitCode.ok;
}

async function status(session: Session): Promise<ExitCode> {
  const { queue, counts } = await withEngine(session, (client) => client.queue.state());
  show(session, { queue, counts }, () =>
    [
      `queue       ${queue.desired_state} since ${dateTime(queue.since)}, set by ${queue.by}${queue.note === null ? '' : `: ${queue.note}`}`,
      `queued      ${String(counts.high)} high, ${String(counts.normal)} normal, ${String(counts.low)} low`,
      `training    ${String(counts.processing)}`,
      `finished    ${String(counts.completed)} completed, ${String(counts.failed)} failed, ${String(counts.skipped)} skipped`,
    ].join('\n'),
  );
  return exitCode.ok;
}

async function add(
  session: Session,
  names: readonly string[],
  priority: Priority,
): Promise<ExitCode> {
  const paths = names.map((name) => resolve(name));
  const answer = await withEngine(session, (client) => client.queue.add({ paths, priority }));
  show(session, answer, () =>
    [
      ...answer.added.map(
        (dataset) => `added    ${dataset.name}  (${dataset.id}, ${dataset.priority})`,
      ),
      ...answer.refused.map((refusal) => `refused  ${refusalText(refusal)}`),
    ].join('\n'),
  );
  return answer.refused.length > 0 ? exitCode.refused : exitCode.ok;
}

/** The message, with the path where it doesn't name the file already. */
const refusalText = ({ path, message }: { path: string; message: string }): string =>
  message.includes(path)
    ? message
    : message.includes(basename(path))
      ? `${message} (${path})`
      : `${path}: ${message}`;

async function change(
  session: Session,
  name: string,
  call: (client: EngineClient, id: string) => Promise<DatasetSummary>,
): Promise<ExitCode> {
  const answer = await withEngine(session, async (client) =>
    call(client, await datasetId(client, name)),
  );
  show(session, answer, () => datasetsText([answer]));
  return exitCode.ok;
}

async function move(session: Session, name: string, before: string | null): Promise<ExitCode> {
  const answer = await withEngine(session, async (client) => {
    const target = before === null ? null : await findDataset(client, before);
    const moved = await findDataset(client, name);
    return client.queue.move({
      id: moved.id,
      priority: target?.priority ?? moved.priority,
      before: target?.id ?? null,
    });
  });
  show(session, answer, () => datasetsText([answer]));
  return exitCode.ok;
}

async function remove(session: Session, name: string): Promise<ExitCode> {
  await withEngine(session, async (client) => {
    const found = await findDataset(client, name);
    const answer = await client.queue.remove({ id: found.id });
    show(session, answer, `Removed ${found.name} from the queue; its file is in skipped.`);
  });
  return exitCode.ok;
}

const showAnswers = (session: Session, name: string): Promise<ExitCode> =>
  withEngine(session, async (client) => {
    const answers = await client.datasets.answers({ id: await datasetId(client, name) });
    show(session, answers, () => answersText(answers), { isData: true });
    return exitCode.ok;
  });

const ROWS_PER_REQUEST = 100_000;

async function showDataset(session: Session, name: string, rows: boolean): Promise<ExitCode> {
  return withEngine(session, async (client) => {
    const id = await datasetId(client, name);
    if (!rows) {
      const details = await client.datasets.get({ id });
      show(
        session,
        details,
        () =>
          datasetsText([details.summary]) +
          (details.account === null ? '' : accountText(details.account)) +
          (details.report === null ? '' : reportText(details.report)),
      );
      return exitCode.ok;
    }
    const firstPage = await client.datasets.rows({ id, from: 1, limit: ROWS_PER_REQUEST });
    const rowStates = [...firstPage.rows];
    while (rowStates.length < firstPage.total) {
      const next = await client.datasets.rows({
        id,
        from: rowStates.length + 1,
        limit: ROWS_PER_REQUEST,
      });
      if (next.rows.length === 0) break;
      rowStates.push(...next.rows);
    }
    const result = { ...firstPage, rows: rowStates };
    show(session, result, () => accountText(result.account) + rowsText(rowStates));
    return exitCode.ok;
  });
}
