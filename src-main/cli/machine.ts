/** `nightshift machine | previews`: what the Dashboard shows of the machine and of the answers. */
import type { Command } from 'commander';
import type { Preview } from '../contract/index.ts';
import { withEngine } from './connection.ts';
import { columns, count, decimal, gigabytes, memory, UNKNOWN } from './format.ts';
import { wholeNumber } from './numbers.ts';
import { bold, styled } from './output/markup.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

export function addMachineCommands(program: Command, run: Run): void {
  program
    .command('machine')
    .description('Show the load of the machine: processor, memory, GPU, disk and monitoring')
    .action(() => run(machine));
  program
    .command('previews')
    .description('Show what the model answered during training, newest first')
    .option('--limit <count>', 'number of previews', wholeNumber(1, 200), 5)
    .action((options: { limit: number }) => run((session) => previews(session, options.limit)));
}

const MEBIBYTE = 2 ** 20;
const mebibytes = (value: number | null): string =>
  value === null ? UNKNOWN : memory(value * MEBIBYTE);
const percent = (value: number | null): string =>
  value === null ? UNKNOWN : `${decimal(value, 0)} %`;

async function machine(session: Session): Promise<ExitCode> {
  const readings = await withEngine(session, async (client) => ({
    machine: await client.status.machine(),
    memory: await client.status.memory(),
    gpu: await client.status.gpu(),
    monitoring: await client.health.monitoring(),
  }));
  show(session, readings, () => {
    const { machine: now, memory: used, gpu, monitoring } = readings;
    return columns([
      ['processor', percent(now.cpu_percent)],
      ['memory', `${mebibytes(now.memory_used_mb)} of ${mebibytes(now.memory_total_mb)}`],
      ...(used.trainer === null ? [] : [['trainer', mebibytes(used.trainer.resident_mb)]]),
      ['engine', mebibytes(used.engine.resident_mb)],
      ...(gpu === null
        ? []
        : [
            [
              gpu.name,
              `${percent(gpu.utilization)}, ${mebibytes(gpu.memory_used_mb)} of ${mebibytes(gpu.memory_total_mb)}`,
            ],
          ]),
      ['disk', `${gigabytes(now.disk_free_gb)} free of ${gigabytes(now.disk_total_gb)}`],
      [
        'monitoring',
        `${percent(monitoring.trainer_percent)} of the training time, limit ${percent(monitoring.budget_percent)}`,
      ],
    ]);
  });
  return exitCode.ok;
}

async function previews(session: Session, limit: number): Promise<ExitCode> {
  const newest = await withEngine(session, (client) => client.metrics.previews({ limit }));
  show(
    session,
    newest,
    () => (newest.length === 0 ? 'No previews yet.' : newest.map(previewText).join('\n')),
    { isData: true },
  );
  return exitCode.ok;
}

function previewText(preview: Preview): string {
  const matches = preview.matches ? styled('green', 'matches') : 'does not match';
  return (
    `${bold(`step ${count(preview.step)}`)}, row ${count(preview.row)}: ${matches}\n` +
    columns([
      ['', 'prompt', preview.prompt],
      ['', 'expected', preview.expected],
      ['', 'answer', `${preview.produced}${preview.finished ? '' : ' …'}`],
    ])
  );
}
