/** queue list, status, add, set-priority, move, hold, remove, retry, take-back, show. A dataset is named by its id or its file name. */
import { resolve } from 'node:path';
import { Argument, Option, type Command } from 'commander';
import type { DatasetSummary, Priority } from '../contract/index.ts';
import { engineOf, withEngine, type EngineClient } from './connection.ts';
import { queueFromFiles } from './files.ts';
import type { Run } from './program.ts';
import { type RestoreChoice, restoreFrom, withRestoreOptions } from './restore.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { accountText, datasetsText, reportText, rowsText } from './queue-text.ts';
import { bytes, moment, table } from './format.ts';

const priorities = ['high', 'normal', 'low'] as const;

export function addQueueCommands(program: Command, run: Run): void {
  const queue = program.command('queue').description('the datasets: waiting, being trained, done');
  const dataset = new Argument('<dataset>', 'id or file name of a dataset');
  const priority = new Argument('<priority>', 'high, normal or low').choices(priorities);

  queue
    .command('list')
    .description('every dataset in queue order; works without an engine from the folders')
    .action(() => run(list));
  queue
    .command('status')
    .description('counts, and what the queue is told to do')
    .action(() => run(status));
  queue
    .command('add')
    .description('copy files or folders into the workspace; the originals are not touched')
    .argument('<paths...>')
    .addOption(new Option('--priority <priority>').choices(priorities).default('normal'))
    .action((paths: string[], options: { priority: Priority }) =>
      run((session) => add(session, paths, options.priority)),
    );
  queue
    .command('set-priority')
    .addArgument(dataset)
    .addArgument(priority)
    .description('move a waiting dataset to the end of a priority')
    .action((name: string, wanted: Priority) =>
      run((session) =>
        change(session, name, (client, id) => client.queue.move({ id, priority: wanted })),
      ),
    );
  queue
    .command('move')
    .addArgument(dataset)
    .option('--before <dataset>', 'the dataset it is placed in front of; the end when left out')
    .description('change the order inside a priority')
    .action((name: string, options: { before?: string }) =>
      run((session) => move(session, name, options.before ?? null)),
    );
  queue
    .command('hold')
    .addArgument(dataset)
    .option('--off', 'let it go again', false)
    .description('keep a waiting dataset from being trained')
    .action((name: string, options: { off: boolean }) =>
      run((session) =>
        change(session, name, (client, id) => client.queue.hold({ id, held: !options.off })),
      ),
    );
  queue
    .command('retry')
    .addArgument(dataset)
    .description('put a failed, skipped or completed dataset back into the queue')
    .action((name: string) =>
      run((session) => change(session, name, (client, id) => client.queue.retry({ id }))),
    );
  queue
    .command('remove')
    .addArgument(dataset)
    .description('take a waiting dataset out of the queue; its file is kept in skipped')
    .action((name: string) => run((session) => remove(session, name)));
  withRestoreOptions(
    queue
      .command('take-back')
      .addArgument(dataset)
      .description('restore to the point before its first step, and queue it again'),
  ).action((name: string, choice: RestoreChoice) =>
    run(async (session) => {
      const { id } = await withEngine(session, (client) => find(client, name));
      return restoreFrom(session, { kind: 'undo_dataset', dataset: id }, name, choice);
    }),
  );
  queue
    .command('show')
    .addArgument(dataset)
    .option('--rows', 'the state of every row', false)
    .description('the report of a dataset and the account of its rows')
    .action((name: string, options: { rows: boolean }) =>
      run((session) => showDataset(session, name, options.rows)),
    );
}

async function list(session: Session): Promise<ExitCode> {
  if ((await engineOf(session)) === null) {
    const files = await queueFromFiles(session);
    show(session, { engine: null, files }, () =>
      files.length === 0
        ? 'No engine runs; the folders hold no dataset.'
        : `No engine runs; from the folders:\n${table(
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
  const answer = await withEngine(session, (client) => client.queue.state());
  const { queue, counts } = answer;
  show(session, { queue, counts }, () =>
    [
      `queue       ${queue.desired_state} since ${moment(queue.since)}, set by ${queue.by}${queue.note === null ? '' : `: ${queue.note}`}`,
      `waiting     ${String(counts.high)} high, ${String(counts.normal)} normal, ${String(counts.low)} low`,
      `processing  ${String(counts.processing)}`,
      `done        ${String(counts.completed)} completed, ${String(counts.failed)} failed, ${String(counts.skipped)} skipped`,
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
      ...answer.refused.map((refusal) => `refused  ${refusal.path}: ${refusal.message}`),
    ].join('\n'),
  );
  return answer.refused.length > 0 ? exitCode.refused : exitCode.ok;
}

/** The dataset with this id or name. Several of one name: the one that waits or runs. */
async function find(client: EngineClient, name: string): Promise<DatasetSummary> {
  const all = await client.datasets.list();
  const found =
    all.find((dataset) => dataset.id === name) ??
    all.find(
      (dataset) => dataset.name === name && ['queue', 'processing'].includes(dataset.place),
    ) ??
    all.find((dataset) => dataset.name === name);
  // An unknown name goes to the engine as it is: its refusal is the answer.
  return found ?? (await client.datasets.get({ id: name })).summary;
}

async function change(
  session: Session,
  name: string,
  call: (client: EngineClient, id: string) => Promise<DatasetSummary>,
): Promise<ExitCode> {
  const answer = await withEngine(session, async (client) =>
    call(client, (await find(client, name)).id),
  );
  show(session, answer, () => datasetsText([answer]));
  return exitCode.ok;
}

async function move(session: Session, name: string, before: string | null): Promise<ExitCode> {
  const answer = await withEngine(session, async (client) => {
    const target = before === null ? null : await find(client, before);
    const moved = await find(client, name);
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
  const answer = await withEngine(session, async (client) =>
    client.queue.remove({ id: (await find(client, name)).id }),
  );
  show(session, answer, `${name} is out of the queue; its file is in skipped.`);
  return exitCode.ok;
}

const ROWS_AT_ONCE = 100_000;

async function showDataset(session: Session, name: string, rows: boolean): Promise<ExitCode> {
  return withEngine(session, async (client) => {
    const { id } = await find(client, name);
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
    const first = await client.datasets.rows({ id, from: 0, limit: ROWS_AT_ONCE });
    const all = [...first.rows];
    while (all.length < first.total) {
      const next = await client.datasets.rows({ id, from: all.length, limit: ROWS_AT_ONCE });
      if (next.rows.length === 0) break;
      all.push(...next.rows);
    }
    const whole = { ...first, rows: all };
    show(session, whole, () => accountText(whole.account) + rowsText(all));
    return exitCode.ok;
  });
}
