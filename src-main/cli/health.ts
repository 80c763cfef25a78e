/** `nightshift health | crashes | disk | diagnostics` */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { execa } from 'execa';
import {
  crashTable,
  diagnosticsList,
  type DiagnosticsList,
  type DiskUse,
} from '../contract/index.ts';
import { engineOf, withEngine } from './connection.ts';
import { crashesFromFiles } from './offline/crash-files.ts';
import type { Run } from './program.ts';
import { engineEntry } from './serve.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { bytes, columns, duration, dateTime, table } from './format.ts';
import { state } from './output/markup.ts';

export function addHealthCommands(program: Command, run: Run): void {
  program
    .command('health')
    .description('Run every health check and show how to fix what fails')
    .action(() => run(health));
  program
    .command('crashes')
    .description('List crashes and hangs of the trainer, newest first; works without an engine')
    .option('--days <count>', 'number of days to look back', dayCount, 30)
    .action((options: { days: number }) => run((session) => crashes(session, options.days)));
  program
    .command('disk')
    .description('Show disk usage of the workspace')
    .action(() => run(disk));
  program
    .command('diagnostics')
    .description(
      'List the content of a diagnostics bundle; save it with --to. Contains no rows, prompts, responses or secrets; works without an engine',
    )
    .option('--to <file>', 'save the bundle to this .tar.gz file')
    .option('--names', 'keep file and dataset names readable instead of hashing them', false)
    .action((options: { to?: string; names: boolean }) =>
      run((session) => diagnostics(session, options.to ?? null, options.names)),
    );
}

function dayCount(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 1 || value > 3650)
    throw new InvalidArgumentError('Expected a number of days from 1 to 3650.');
  return value;
}

async function health(session: Session): Promise<ExitCode> {
  const checks = await withEngine(session, (client) => client.health.run());
  show(session, checks, () =>
    columns(
      checks.flatMap((check) => [
        [state(check.state), check.label, check.evidence],
        ...(check.fix === null ? [] : [['', '', check.fix]]),
      ]),
    ),
  );
  return checks.some((check) => check.state === 'fail') ? exitCode.failure : exitCode.ok;
}

async function crashes(session: Session, days: number): Promise<ExitCode> {
  const list =
    (await engineOf(session)) === null
      ? await crashesFromFiles(session, days)
      : await withEngine(session, (client) => client.health.crashes({ days }));
  show(session, list, () =>
    list.length === 0
      ? `No crashes or hangs in the last ${String(days)} days.`
      : list
          .map((crash) => {
            const category = crashTable.get(crash.category);
            const outcome =
              crash.seconds === null
                ? 'Training did not restart automatically.'
                : `Resumed from step ${String(crash.resumed_from ?? 0)} after ${duration(crash.seconds)}; ${String(crash.steps_lost ?? 'an unknown number of')} steps lost.`;
            return `${dateTime(crash.t)}  ${crash.category}  ${crash.dataset ?? ''}\n  ${crash.message}\n  ${outcome} ${category?.suggestion ?? ''}\n`;
          })
          .join('\n'),
  );
  return exitCode.ok;
}

const partNames: Readonly<Record<DiskUse['parts'][number]['id'], string>> = {
  checkpoints: 'checkpoints',
  versions: 'versions',
  backups: 'backups',
  bases: 'base models',
  cache: 'token caches',
  datasets: 'datasets',
  runs: 'runs, logs and journal',
  other: 'other',
};

async function disk(session: Session): Promise<ExitCode> {
  const use = await withEngine(session, (client) => client.disk.use());
  const size = (value: number | null): string => (value === null ? 'unknown' : bytes(value));
  show(
    session,
    use,
    () =>
      `${table(
        ['category', 'size', 'files'],
        use.parts.map((part) => [partNames[part.id], bytes(part.bytes), String(part.files)]),
      )}\n${size(use.free_bytes)} free of ${size(use.total_bytes)}; minimum free space ${size(use.floor_bytes)}`,
  );
  return exitCode.ok;
}

async function diagnostics(session: Session, to: string | null, names: boolean): Promise<ExitCode> {
  const target = to === null ? null : resolve(to);
  const isRunning = (await engineOf(session)) !== null;
  const list = isRunning
    ? await withEngine(session, async (client) => {
        const content = await client.diagnostics.list({ names });
        if (target !== null) {
          if (!session.json) session.terminal.out(listText(content));
          const bundle = await client.diagnostics.bundle({ names });
          await writeFile(target, new Uint8Array(await bundle.arrayBuffer()), { mode: 0o600 });
        }
        return content;
      })
    : await fromFiles(session, target, names);
  if (session.json) show(session, { ...list, saved: target }, '');
  else if (target === null)
    session.terminal.out(
      `${listText(list)}\nNothing was saved. To save the bundle: nightshift diagnostics --to ${list.name}\n`,
    );
  else session.terminal.out(`\nSaved to ${target}\n`);
  return exitCode.ok;
}

const listText = (list: DiagnosticsList): string =>
  `${table(
    ['file', 'size', 'omitted', 'content'],
    list.files.map((file) => [file.path, bytes(file.bytes), String(file.omitted), file.about]),
  )}\nContains no rows, prompts, responses, tokens or secrets; names are ${list.names ? 'readable' : 'hashed'}.\n`;

/** Runs the engine's diagnostics code on the workspace files, without taking the workspace lock. */
async function fromFiles(
  session: Session,
  target: string | null,
  names: boolean,
): Promise<DiagnosticsList> {
  const { exitCode: code, stdout } = await execa(
    process.execPath,
    [
      engineEntry,
      '--workspace',
      session.workspace,
      '--diagnostics',
      target ?? '-',
      ...(names ? ['--names'] : []),
    ],
    { stdin: 'ignore', stderr: 'inherit', reject: false },
  );
  if (code !== 0) throw new Error(`Can't read the files of ${session.workspace}.`);
  if (!session.json)
    session.terminal.error('No engine is running; the bundle is based on the workspace files.\n');
  const list = diagnosticsList.parse(JSON.parse(stdout));
  if (target !== null && !session.json) session.terminal.out(listText(list));
  return list;
}
