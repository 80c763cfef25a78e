/** `nightshift queue accept|map|encoding|row`: everything that a file which needs a decision can ask. */
import { Argument, Option, type Command } from 'commander';
import {
  type ColumnMapping,
  type DatasetDetails,
  mappingText,
  SAMPLE_NAME,
  type RowDetails,
  type TextEncoding,
  textEncoding,
} from '../contract/index.ts';
import { type EngineClient, withEngine } from './connection.ts';
import { count } from './format.ts';
import { wholeNumber } from './numbers.ts';
import type { Run } from './program.ts';
import { datasetId } from './find.ts';
import { columnText, datasetsText } from './queue-text.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

export interface MapOptions {
  readonly question?: string;
  readonly answer?: string;
  readonly system?: string;
  readonly text?: string;
  readonly messages?: string;
  readonly guess: boolean;
  readonly preview: boolean;
}

export function addDecisionCommands(queue: Command, run: Run): void {
  const dataset = new Argument(
    '<dataset>',
    'id or file name of a dataset, or the beginning of one',
  );
  queue
    .command('sample')
    .description('Write the sample dataset and queue it, with settings that fit it')
    .action(() =>
      run(async (session) => {
        const answer = await withEngine(session, (client) => client.setup.sample({}));
        show(session, answer, `Queued ${SAMPLE_NAME}.`);
        return exitCode.ok;
      }),
    );
  queue
    .command('accept')
    .addArgument(dataset)
    .addOption(new Option('--think <choice>', 'think blocks').choices(['keep', 'strip']))
    .description(
      'Accept a file that needs a decision: without its rejected rows or unused fields, or although it was trained before',
    )
    .action((name: string, options: { think?: 'keep' | 'strip' }) =>
      run((session) => accept(session, name, options.think)),
    );
  queue
    .command('map')
    .addArgument(dataset)
    .option(
      '--question <text>',
      'prompt: a column, or a text with {column} in it; \\n is a line break',
    )
    .option('--answer <text>', 'answer: a column, or a text with {column} in it')
    .option('--system <text>', 'system prompt: a text, a column, or a text with {column} in it')
    .option('--text <column>', 'the column is a raw text')
    .option('--messages <column>', 'the column is a list of messages')
    .option('--guess', 'use the suggested mapping', false)
    .option('--preview', 'show three rows with this mapping; nothing is changed', false)
    .description('Map the columns of a file; without options, show its columns and a suggestion')
    .action((name: string, options: MapOptions) => run((session) => map(session, name, options)));
  queue
    .command('encoding')
    .addArgument(dataset)
    .addArgument(
      new Argument('<encoding>', 'utf-8 or the encoding of the file').choices([
        'utf-8',
        ...textEncoding.options,
      ]),
    )
    .description('Choose the encoding of a dataset that is not UTF-8')
    .action((name: string, encoding: string) =>
      run((session) =>
        chooseEncoding(session, name, encoding === 'utf-8' ? null : textEncoding.parse(encoding)),
      ),
    );
  queue
    .command('row')
    .addArgument(dataset)
    .argument('<row>', 'number of the row', wholeNumber(1, 2 ** 31 - 1))
    .description('Show one row: its state, its raw text, and what is trained of it')
    .action((name: string, row: number) => run((session) => showRow(session, name, row)));
}

async function chooseEncoding(
  session: Session,
  name: string,
  encoding: TextEncoding | null,
): Promise<ExitCode> {
  const answer = await withEngine(session, async (client) =>
    client.datasets.setEncoding({ id: await datasetId(client, name), encoding }),
  );
  show(session, answer, () => datasetsText([answer]));
  return exitCode.ok;
}

async function accept(
  session: Session,
  name: string,
  think: 'keep' | 'strip' | undefined,
): Promise<ExitCode> {
  const answer = await withEngine(session, async (client) => {
    const id = await datasetId(client, name);
    return client.datasets.acceptValidRows({ id, think_blocks: think });
  });
  show(session, answer, () => datasetsText([answer]));
  return exitCode.ok;
}

/** In most shells a quoted text can't hold a line break, so `\\n` stands for one. Pure. */
const withLineBreaks = (text: string): string => text.replaceAll('\\n', '\n');

/** null when no option names a column. Pure. */
export function mappingOf(options: MapOptions, guess: ColumnMapping | null): ColumnMapping | null {
  const system = options.system === undefined ? {} : { system: withLineBreaks(options.system) };
  if (options.text !== undefined) return { format: 'text', column: options.text };
  if (options.messages !== undefined)
    return { format: 'messages', column: options.messages, ...system };
  if (options.question !== undefined && options.answer !== undefined)
    return {
      format: 'columns',
      prompt: withLineBreaks(options.question),
      answer: withLineBreaks(options.answer),
      ...system,
    };
  return options.guess || options.preview ? guess : null;
}

async function map(session: Session, name: string, options: MapOptions): Promise<ExitCode> {
  return withEngine(session, async (client) => {
    const id = await datasetId(client, name);
    const details = await client.datasets.get({ id });
    const mapping = mappingOf(options, details.report?.mapping_guess ?? null);
    if (mapping === null) {
      show(session, details, () => columnsText(id, details));
      return exitCode.refused;
    }
    if (options.preview) return preview(session, client, id, mapping);
    const answer = await client.datasets.mapColumns({ id, mapping });
    show(session, answer, () => datasetsText([answer]));
    return exitCode.ok;
  });
}

async function preview(
  session: Session,
  client: EngineClient,
  id: string,
  mapping: ColumnMapping,
): Promise<ExitCode> {
  const answer = await client.datasets.previewMapping({ id, mapping });
  show(
    session,
    answer,
    () =>
      answer.samples
        .map((sample) => `row ${count(sample.row)}:\n${marked(sample.spans)}\n`)
        .join('') +
      answer.rejected.map((row) => `row ${count(row.row)}: ${row.message}\n`).join(''),
    { isData: true },
  );
  return exitCode.ok;
}

/** Text with loss stands between » and «. Pure. */
const marked = (spans: RowDetails['examples'][number]['spans']): string =>
  spans.map(({ text, trained }) => (trained ? `»${text}«` : text)).join('');

function columnsText(id: string, { summary, report }: DatasetDetails): string {
  const lines = (report?.columns ?? []).map(columnText);
  const guess = report?.mapping_guess ?? null;
  const next =
    guess === null
      ? `Map them: nightshift queue map ${id} --question COLUMN --answer COLUMN`
      : `Suggestion: nightshift queue map ${id} ${mappingText(guess)}`;
  return [...lines, summary.message ?? '', next].filter((line) => line !== '').join('\n');
}

async function showRow(session: Session, name: string, row: number): Promise<ExitCode> {
  const answer = await withEngine(session, async (client) => {
    const id = await datasetId(client, name);
    return client.datasets.row({ id, row });
  });
  show(session, answer, () => rowText(answer), { isData: true });
  return exitCode.ok;
}

function rowText(row: RowDetails): string {
  const times = row.times === 0 ? '' : `, trained ${count(row.times)} times`;
  return [
    `row ${count(row.row)}: ${row.state}${times}${row.truncated ? ', truncated' : ''}`,
    ...(row.message === null ? [] : [row.message]),
    ...(row.raw === null ? [] : [`raw: ${row.raw.text}${row.raw.cut ? ' …' : ''}`]),
    ...row.examples.map(
      (example) =>
        `${count(example.tokens)} tokens, ${count(example.trained_tokens)} with loss (between » and «):\n${marked(example.spans)}${example.cut ? ' …' : ''}`,
    ),
  ].join('\n');
}
