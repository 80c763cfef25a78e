/** config estimate: steps, time, memory and disk of the next pass, with changes that are only asked about. */
import type { Command } from 'commander';
import {
  describeKeys,
  type EstimateAnswer,
  type EstimateVerdict,
  type PassEstimate,
} from '../contract/index.ts';
import { withEngine } from './connection.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { bytes, count, decimal, duration, memory, table, unknownWord } from './format.ts';

/** Keys that an estimate depends on; each is an option of its own. */
const asked = [
  'batch_size',
  'gradient_accumulation',
  'micro_batch',
  'max_length',
  'epochs',
  'precision',
  'packing',
  'keep_checkpoints',
  'save_steps',
] as const;
const flagOf = (key: string): string => `--${key.replaceAll('_', '-')}`;
const nameOf = (key: string): string =>
  key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

export function addEstimateCommand(
  config: Command,
  run: Run,
  parse: (text: string) => unknown,
): void {
  const command = config
    .command('estimate')
    .description('steps, time, memory and disk of the next dataset; nothing is changed')
    .option('--dataset <name>', 'name or id of a dataset; the next one that is ready without it');
  for (const key of asked) {
    const facts = describeKeys().find((describeKey) => describeKey.key === key);
    command.option(`${flagOf(key)} <value>`, `with another ${key} (${facts?.help ?? ''})`);
  }
  command.action((options: Readonly<Record<string, string | undefined>>) =>
    run((session) => {
      const changes = Object.fromEntries(
        asked.flatMap((key) => {
          const text = options[nameOf(key)];
          return text === undefined ? [] : [[key, parse(text)] as const];
        }),
      );
      return estimate(session, changes, options['dataset'] ?? null);
    }),
  );
}

const words: Readonly<Record<EstimateVerdict, string>> = {
  fits: 'fits',
  tight: 'tight',
  too_large: 'too large',
};
const verdict = (value: EstimateVerdict | null): string =>
  value === null ? unknownWord : words[value];
const percent = (share: number): string =>
  `${String(Math.abs(Math.round(share * 100)))} % ${share < 0 ? 'under' : 'over'}`;

function rows(answer: EstimateAnswer): readonly (readonly string[])[] {
  const both = (pick: (estimate: PassEstimate) => string): readonly string[] => [
    pick(answer.now),
    pick(answer.changed),
  ];
  return [
    [
      'steps',
      ...both((estimate) => (estimate.steps === null ? unknownWord : count(estimate.steps))),
    ],
    ['seconds a step, about', ...both((estimate) => decimal(estimate.time.seconds_per_step, 2))],
    [
      'time, about',
      ...both((estimate) =>
        estimate.time.seconds === null ? unknownWord : duration(estimate.time.seconds),
      ),
    ],
    [
      'memory',
      ...both(
        (estimate) =>
          `${memory(estimate.memory.bytes)} of ${estimate.memory.total === null ? unknownWord : memory(estimate.memory.total)}, ${verdict(estimate.memory.verdict)}`,
      ),
    ],
    [
      'disk',
      ...both((estimate) => `${bytes(estimate.disk.bytes)}, ${verdict(estimate.disk.verdict)}`),
    ],
    [
      'rows over max_length',
      ...both((estimate) =>
        estimate.rows_over === null ? unknownWord : count(estimate.rows_over),
      ),
    ],
  ];
}

/** The last estimates against what happened, one sentence. */
export function recordText({ record }: Pick<EstimateAnswer, 'record'>): string {
  const { count: many, time, memory: peak } = record;
  if (many === 0 || time === null) return 'No estimate has been compared with a pass yet.';
  const span = (entry: { readonly least: number; readonly most: number }): string =>
    `between ${percent(entry.least)} and ${percent(entry.most)}`;
  return (
    `The last ${String(many)} passes took ${span(time)} their estimated time` +
    `${peak === null ? '' : ` and ${span(peak)} their estimated memory`}.`
  );
}

async function estimate(
  session: Session,
  changes: Readonly<Record<string, unknown>>,
  dataset: string | null,
): Promise<ExitCode> {
  const answer = await withEngine(session, async (client) => {
    const all = dataset === null ? [] : await client.datasets.list();
    const found = all.find((entry) => entry.id === dataset || entry.name === dataset);
    return client.config.estimate({ changes, dataset: found?.id ?? dataset });
  });
  show(session, answer, () => {
    const how =
      answer.changed.time.certainty === 'measured'
        ? 'The time rests on steps measured on this machine.'
        : 'The time rests on another machine: no step of this base was measured here yet.';
    return [
      `${answer.dataset?.name ?? 'the longest rows that max_length allows'}, ${answer.base.label}`,
      table(['', 'now', 'with the changes'], rows(answer)),
      table(
        ['batch', 'steps', 's a step', 'memory', ''],
        answer.levels.map((level) => [
          String(level.batch_size),
          level.steps === null ? unknownWord : count(level.steps),
          decimal(level.seconds_per_step, 2),
          memory(level.memory),
          verdict(level.verdict),
        ]),
      ),
      `${count(answer.queue.datasets)} waiting in all: ${count(answer.queue.steps)} steps, about ${duration(answer.queue.seconds)}.`,
      ...(answer.fitting === null
        ? []
        : [
            `With micro_batch ${String(answer.fitting.micro_batch)} it would be ${memory(answer.fitting.memory)} and fit.`,
          ]),
      how,
      recordText(answer),
    ].join('\n');
  });
  return exitCode.ok;
}
