/**
 * `nightshift validate`: the report of one file, or of every queued file. --auto-adjust raises
 * max_length so that every row fits; the engine requires `--confirm max_length`, and stages the
 * change while the setting is locked.
 */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { DatasetReport, DatasetSummary } from '../contract/index.ts';
import { confirming } from './confirm.ts';
import { type EngineClient, withEngine } from './connection.ts';
import type { Run } from './program.ts';
import { reportText } from './queue-text.ts';
import { BY_COMMAND_LINE, exitCode, show, type ExitCode, type Session } from './session.ts';
import { count, table } from './format.ts';

interface Options {
  readonly autoAdjust: boolean;
  readonly confirm?: string;
}

const ADJUSTED_KEY = 'max_length';

export function addValidateCommand(program: Command, run: Run): void {
  program
    .command('validate')
    .argument('[file]', 'file to validate (default: every queued file)')
    .option('--auto-adjust', 'raise max_length so that every row fits', false)
    .option('--confirm <key>', 'confirm --auto-adjust: max_length')
    .description('Validate a file without queueing it, or show the verdicts of the queued files')
    .action((file: string | undefined, options: Options) =>
      run((session) =>
        withEngine(session, (client) =>
          file === undefined
            ? validateQueued(session, client, options)
            : validateFile(session, client, resolve(file), options),
        ),
      ),
    );
}

/**
 * The smallest max_length that fits every row of the reports; null if `current` already does. Pure.
 */
function lengthForAll(reports: readonly DatasetReport[], current: number): number | null {
  const longest = reports
    .filter((report) => report.over_length > 0)
    .map((report) => report.max_length_loses_nothing ?? 0);
  const needed = Math.max(0, ...longest);
  return needed > current ? needed : null;
}

/**
 * Refused because of row lengths; such a file is validated again after max_length is raised. Pure.
 */
const isRefusedForLength = (report: DatasetReport): boolean =>
  report.verdict === 'refused' && report.over_length > 0;

interface Adjustment {
  readonly key: string;
  readonly before: number;
  readonly after: number;
  readonly staged: boolean;
}

async function adjust(
  session: Session,
  client: EngineClient,
  reports: readonly DatasetReport[],
  options: Options,
): Promise<Adjustment | null> {
  const config = await client.config.get();
  const before = config.values.max_length;
  const after = lengthForAll(reports, before);
  if (after === null) return null;
  const staged = ADJUSTED_KEY in config.locks;
  await confirming(session, options.confirm, (confirm) =>
    client.config.set({
      key: ADJUSTED_KEY,
      value: after,
      confirm,
      stage: staged,
      by: BY_COMMAND_LINE,
    }),
  );
  return { key: ADJUSTED_KEY, before, after, staged };
}

function adjustmentText(adjustment: Adjustment | null): string {
  if (adjustment === null) return 'Every row fits max_length; nothing was changed.\n';
  const { before, after, staged } = adjustment;
  return staged
    ? `max_length changes from ${count(before)} to ${count(after)} with the next dataset; it is locked while a dataset is training.\n`
    : `Changed max_length from ${count(before)} to ${count(after)}.\n`;
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
    const adjustment = await adjust(session, client, [report], options);
    show(session, { adjustment }, () => adjustmentText(adjustment));
    if (adjustment !== null && !adjustment.staged) {
      report = await client.datasets.validate({ path });
      show(session, report, () => reportText(report));
    }
  }
  return report.verdict === 'ready' ? exitCode.ok : exitCode.refused;
}

interface QueuedFile {
  readonly summary: DatasetSummary;
  readonly report: DatasetReport | null;
}

async function queuedFiles(client: EngineClient): Promise<readonly QueuedFile[]> {
  const files: QueuedFile[] = [];
  for (const summary of await client.datasets.list()) {
    const isRefused = summary.place === 'failed' && summary.verdict === 'refused';
    if (summary.place !== 'queue' && summary.place !== 'inbox' && !isRefused) continue;
    const report =
      summary.place === 'inbox' ? null : (await client.datasets.get({ id: summary.id })).report;
    if (isRefused && (report === null || !isRefusedForLength(report))) continue;
    files.push({ summary, report });
  }
  return files;
}

function queuedText(files: readonly QueuedFile[]): string {
  if (files.length === 0) return 'No files are queued.\n';
  const rows = files.map(({ summary, report }) => [
    summary.name,
    summary.verdict,
    report === null ? '' : `${count(report.accepted)} of ${count(report.rows)}`,
    report === null ? '' : count(report.over_length),
    report?.max_length_loses_nothing == null ? '' : count(report.max_length_loses_nothing),
  ]);
  const notes = files
    .filter(({ summary }) => summary.message !== null)
    .map(({ summary }) => `${summary.name}: ${summary.message ?? ''}\n`);
  return (
    table(['name', 'verdict', 'rows accepted', 'too long', 'max_length for all'], rows) +
    notes.join('')
  );
}

async function validateQueued(
  session: Session,
  client: EngineClient,
  options: Options,
): Promise<ExitCode> {
  const files = await queuedFiles(client);
  const datasets = files.map(({ summary, report }) => ({
    id: summary.id,
    name: summary.name,
    verdict: summary.verdict,
    message: summary.message,
    rows: report?.rows ?? null,
    accepted: report?.accepted ?? null,
    over_length: report?.over_length ?? null,
    max_length_loses_nothing: report?.max_length_loses_nothing ?? null,
  }));
  show(session, { datasets }, () => queuedText(files));
  if (options.autoAdjust) {
    const reports = files.flatMap(({ report }) => (report === null ? [] : [report]));
    const adjustment = await adjust(session, client, reports, options);
    show(session, { adjustment }, () => adjustmentText(adjustment));
    if (adjustment !== null && !adjustment.staged)
      for (const { summary } of files)
        if (summary.place === 'failed') await client.queue.retry({ id: summary.id });
    return exitCode.ok;
  }
  return files.every(({ summary }) => summary.verdict === 'ready' || summary.verdict === 'held')
    ? exitCode.ok
    : exitCode.refused;
}
