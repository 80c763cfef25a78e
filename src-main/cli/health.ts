/** health, crashes, disk, diagnostics. */
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
import type { Run } from './program.ts';
import { engineEntry } from './serve.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { bytes, duration, moment, table } from './format.ts';

export function addHealthCommands(program: Command, run: Run): void {
  program
    .command('health')
    .description('run every check now: what it saw, and what can be done')
    .action(() => run(health));
  program
    .command('crashes')
    .description('crashes and hangs of the trainer, newest first')
    .option('--days <count>', 'how far back', days, 30)
    .action((options: { days: number }) => run((session) => crashes(session, options.days)));
  program
    .command('disk')
    .description('what uses the disk of the workspace')
    .action(() => run(disk));
  program
    .command('diagnostics')
    .description(
      'list what a diagnostics bundle would hold; --to saves it. No row, prompt, answer or secret is in it; works without an engine',
    )
    .option('--to <file>', 'save the bundle as this .tar.gz')
    .option('--names', 'keep file and dataset names readable, else they are hashed', false)
    .action((options: { to?: string; names: boolean }) =>
      run((session) => diagnostics(session, options.to ?? null, options.names)),
    );
}

function days(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 1 || value > 3650)
    throw new InvalidArgumentError('a number of days from 1 to 3650.');
  return value;
}

async function health(session: Session): Promise<ExitCode> {
  const checks = await withEngine(session, (client) => client.health.run());
  show(session, checks, () =>
    checks
      .map(
        (check) =>
          `${check.state.padEnd(8)}${check.label.padEnd(22)}${check.evidence}${check.fix === null ? '' : `\n${' '.repeat(30)}${check.fix}`}`,
      )
      .join('\n'),
  );
  return checks.some((check) => check.state === 'fail') ? exitCode.failure : exitCode.ok;
}

async function crashes(session: Session, back: number): Promise<ExitCode> {
  const all = await withEngine(session, (client) => client.health.crashes({ days: back }));
  show(session, all, () =>
    all.length === 0
      ? `No crash or hang in ${String(back)} days.`
      : all
          .map((crash) => {
            const known = crashTable.get(crash.category);
            const after =
              crash.seconds === null
                ? 'It did not train again by itself.'
                : `Trained again after ${duration(crash.seconds)} from step ${String(crash.resumed_from ?? 0)}, ${String(crash.steps_lost ?? 'an unknown number of')} steps lost.`;
            return `${moment(crash.t)}  ${crash.category}  ${crash.dataset ?? ''}\n  ${crash.message}\n  ${after} ${known?.suggestion ?? ''}\n`;
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
  runs: 'runs, logs, journal',
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
        ['what', 'size', 'files'],
        use.parts.map((part) => [partNames[part.id], bytes(part.bytes), String(part.files)]),
      )}\n${size(use.free_bytes)} free of ${size(use.total_bytes)}, floor ${size(use.floor_bytes)}`,
  );
  return exitCode.ok;
}

async function diagnostics(session: Session, to: string | null, names: boolean): Promise<ExitCode> {
  const target = to === null ? null : resolve(to);
  const isRunning = (await engineOf(session)) !== null;
  const list = isRunning
    ? await withEngine(session, async (client) => {
        const known = await client.diagnostics.list({ names });
        if (target !== null) {
          if (!session.json) session.terminal.out(listText(known));
          const bundle = await client.diagnostics.bundle({ names });
          await writeFile(target, new Uint8Array(await bundle.arrayBuffer()), { mode: 0o600 });
        }
        return known;
      })
    : await fromFiles(session, target, names);
  if (session.json) show(session, { ...list, saved: target }, '');
  else if (target === null)
    session.terminal.out(
      `${listText(list)}\nNothing was saved. To save it: nightshift diagnostics --to ${list.name}\n`,
    );
  else session.terminal.out(`\nSaved: ${target}\n`);
  return exitCode.ok;
}

const listText = (list: DiagnosticsList): string =>
  `${table(
    ['file', 'size', 'left out', 'what'],
    list.files.map((file) => [file.path, bytes(file.bytes), String(file.omitted), file.about]),
  )}\nRows, prompts, answers, tokens and secrets are not in it; names are ${list.names ? 'readable' : 'hashed'}.\n`;

/** The engine's own code reads the files, without taking the workspace. */
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
  if (code !== 0) throw new Error(`The files of ${session.workspace} could not be read.`);
  if (!session.json)
    session.terminal.error('No engine runs; the bundle is made from the files alone.\n');
  const list = diagnosticsList.parse(JSON.parse(stdout));
  if (target !== null && !session.json) session.terminal.out(listText(list));
  return list;
}
