/**
 * validate: the report of one file, or of every file that waits. With --auto-adjust, max_length is raised to the length that loses
 * no row; the engine refuses that without `--confirm max_length`, and a locked key waits for the next dataset.
 */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { DatasetReport, DatasetSummary } from '../contract/index.ts';
import { type EngineClient, withEngine } from './connection.ts';
import type { Run } from './program.ts';
import { reportText } from './queue-text.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { count, table } from './format.ts';

interface Options {
  readonly autoAdjust: boolean;
  readonly confirm?: string;
}

const KEY = 'max_length';

export function addValidateCommand(program: Command, run: Run): void {
  program
    .command('validate')
    .argument('[file]', 'a file of this machine; left out: every file that waits')
    .option('--auto-adjust', 'raise max_length to the length that loses no row', false)
    .option('--confirm <key>', 'the consent for --auto-adjust: max_length')
    .description('validate a file without adding it, or tell the verdicts of the files that wait')
    .action((file: string | undefined, options: Options) =>
      run((session) =>
        withEngine(session, (client) =>
          file === undefined
            ? validateWaiting(session, client, options)
            : validateFile(session, client, resolve(file), options),
        ),
      ),
    );
}

/** The length that loses nothing in all of these; null when every row fits `now`. Pure. */
function lengthForAll(reports: readonly DatasetReport[], now: number): number | null {
  const longest = reports
    .filter((report) => report.over_length > 0)
    .map((report) => report.max_length_loses_nothing ?? 0);
  const wanted = Math.max(0, ...longest);
  return wanted > now ? wanted : null;
}

/** Refused because of its lengths: such a file is validated again when the length grows. Pure. */
const isRefusedForLength = (report: DatasetReport): boolean =>
  report.verdict === 'refused' && report.over_length > 0;

interface Adjustment {
  readonly key: string;
  readonly before: number;
  readonly after: number;
  readonly staged: boolean;
}

async function adjust(
  client: EngineClient,
  reports: readonly DatasetReport[],
  options: Options,
): Promise<Adjustment | null> {
  const config = await client.config.get();
  const before = config.values.max_length;
  const after = lengthForAll(reports, before);
  if (after === null) return null;
  const staged = KEY in config.locks;
  await client.config.set({
    key: KEY,
    value: after,
    confirm: options.confirm ?? null,
    stage: staged,
    by: 'you (command line)',
  });
  return { key: KEY, before, after, staged };
}

function adjustmentText(made: Adjustment | null): string {
  if (made === null) return 'Every row fits max_length; nothing is changed.\n';
  const change = `max_length ${count(made.before)} to ${count(made.after)}`;
  return made.staged
    ? `${change} is staged for the next dataset: it is locked while one trains.\n`
    : `${change}.\n`;
}

async function validateFile(
  session: Session,
  client: EngineClient,
  path: string,
  options: Options,
): Promise<ExitCode> {
  let report = await client.datasets.validate({ path });
  show(session, report, () => reportText(report));
  if (options.autoAdjust) {
    const made = await adjust(client, [report], options);
    show(session, { adjustment: made }, () => adjustmentText(made));
    if (made !== null && !made.staged) {
      report = await client.datasets.validate({ path });
      show(session, report, () => reportText(report));
    }
  }
  return report.verdict === 'ready' ? exitCode.ok : exitCode.refused;
}

interface Waiting {
  readonly summary: DatasetSummary;
  readonly report: DatasetReport | null;
}

async function waitingOf(client: EngineClient): Promise<readonly Waiting[]> {
  const found: Waiting[] = [];
  for (const summary of await client.datasets.list()) {
    const isRefused = summary.place === 'failed' && summary.verdict === 'refused';
    if (summary.place !== 'queue' && summary.place !== 'inbox' && !isRefused) continue;
    const report =
      summary.place === 'inbox' ? null : (await client.datasets.get({ id: summary.id })).report;
    if (isRefused && (report === null || !isRefusedForLength(report))) continue;
    found.push({ summary, report });
  }
  return found;
}

function waitingText(waiting: readonly Waiting[]): string {
  if (waiting.length === 0) return 'No file waits.\n';
  const rows = waiting.map(({ summary, report }) => [
    summary.name,
    summary.verdict,
    report === null ? '' : `${count(report.accepted)} of ${count(report.rows)}`,
    report === null ? '' : count(report.over_length),
    report?.max_length_loses_nothing == null ? '' : count(report.max_length_loses_nothing),
  ]);
  const notes = waiting
    .filter(({ summary }) => summary.message !== null)
    .map(({ summary }) => `${summary.name}: ${summary.message ?? ''}\n`);
  return (
    table(['name', 'verdict', 'rows accepted', 'too long', 'loses nothing at'], rows) +
    notes.join('')
  );
}

async function validateWaiting(
  session: Session,
  client: EngineClient,
  options: Options,
): Promise<ExitCode> {
  const waiting = await waitingOf(client);
  const shown = waiting.map(({ summary, report }) => ({
    id: summary.id,
    name: summary.name,
    verdict: summary.verdict,
    message: summary.message,
    rows: report?.rows ?? null,
    accepted: report?.accepted ?? null,
    over_length: report?.over_length ?? null,
    max_length_loses_nothing: report?.max_length_loses_nothing ?? null,
  }));
  show(session, { datasets: shown }, () => waitingText(waiting));
  if (options.autoAdjust) {
    const reports = waiting.flatMap(({ report }) => (report === null ? [] : [report]));
    const made = await adjust(client, reports, options);
    show(session, { adjustment: made }, () => adjustmentText(made));
    if (made !== null && !made.staged)
      for (const { summary } of waiting)
        if (summary.place === 'failed') await client.queue.retry({ id: summary.id });
    return exitCode.ok;
  }
  return waiting.every(({ summary }) => summary.verdict === 'ready' || summary.verdict === 'held')
    ? exitCode.ok
    : exitCode.refused;
}
