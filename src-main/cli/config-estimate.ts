/**
 * `nightshift config estimate`: steps, time, memory and disk of the next dataset, with hypothetical
 * changes.
 */
import type { Command } from 'commander';
import {
  describeKeys,
  type EstimateAnswer,
  type EstimateVerdict,
  type PassEstimate,
  refusedText,
} from '../contract/index.ts';
import { withEngine } from './connection.ts';
import { datasetId } from './find.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { bytes, count, decimal, duration, memory, table, UNKNOWN } from './format.ts';

/** Settings that affect the estimate; each has its own option. */
const ESTIMATE_KEYS = [
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
const optionNameOf = (key: string): string =>
  key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

export function addEstimateCommand(
  config: Command,
  run: Run,
  parse: (text: string) => unknown,
): void {
  const command = config
    .command('estimate')
    .description('Estimate steps, time, memory and disk for the next dataset; changes nothing')
    .option('--dataset <dataset>', 'name or id of a dataset (default: the next one that is ready)');
  for (const key of ESTIMATE_KEYS) {
    const setting = describeKeys().find((facts) => facts.key === key);
    command.option(`${flagOf(key)} <value>`, `estimate with this ${key}: ${setting?.help ?? ''}`);
  }
  command.action((options: Readonly<Record<string, string | undefined>>) =>
    run((session) => {
      const changes = Object.fromEntries(
        ESTIMATE_KEYS.flatMap((key) => {
          const text = options[optionNameOf(key)];
          return text === undefined ? [] : [[key, parse(text)] as const];
        }),
      );
      return estimate(session, changes, options['dataset'] ?? null);
    }),
  );
}

const verdictNames: Readonly<Record<EstimateVerdict, string>> = {
  fits: 'fits',
  tight: 'tight',
  too_large: 'too large',
};
const verdict = (value: EstimateVerdict | null): string =>
  value === null ? UNKNOWN : verdictNames[value];
const percent = (deviation: number): string =>
  `${String(Math.abs(Math.round(deviation * 100)))} % ${deviation < 0 ? 'under' : 'over'}`;

function rows(answer: EstimateAnswer): readonly (readonly string[])[] {
  const both = (pick: (estimate: PassEstimate) => string): readonly string[] => [
    pick(answer.now),
    pick(answer.changed),
  ];
  return [
    ['steps', ...both((estimate) => (estimate.steps === null ? UNKNOWN : count(estimate.steps)))],
    ['seconds per step, about', ...both((estimate) => decimal(estimate.time.seconds_per_step, 2))],
    [
      'time, about',
      ...both((estimate) =>
        estimate.time.seconds === null ? UNKNOWN : duration(estimate.time.seconds),
      ),
    ],
    [
      'memory',
      ...both(
        (estimate) =>
          `${memory(estimate.memory.bytes)} of ${estimate.memory.total === null ? UNKNOWN : memory(estimate.memory.total)}, ${verdict(estimate.memory.verdict)}`,
      ),
    ],
    [
      'disk',
      ...both((estimate) => `${bytes(estimate.disk.bytes)}, ${verdict(estimate.disk.verdict)}`),
    ],
    [
      'rows over max_length',
      ...both((estimate) => (estimate.rows_over === null ? UNKNOWN : count(estimate.rows_over))),
    ],
  ];
}

/** How recent estimates compare with the measured values, in one sentence. */
export function recordText({ record }: Pick<EstimateAnswer, 'record'>): string {
  const { count: passes, time, memory: peak } = record;
  if (passes === 0 || time === null) return 'No estimate has been compared with a real pass yet.';
  const span = (range: { readonly least: number; readonly most: number }): string =>
    `between ${percent(range.least)} and ${percent(range.most)}`;
  return (
    `The last ${String(passes)} passes took ${span(time)} the estimated time` +
    `${peak === null ? '' : ` and ${span(peak)} the estimated memory`}.`
  );
}

async function estimate(
  session: Session,
  changes: Readonly<Record<string, unknown>>,
  dataset: string | null,
): Promise<ExitCode> {
  const answer = await withEngine(session, async (client) => {
    const id = dataset === null ? null : await datasetId(client, dataset);
    return client.config.estimate({ changes, dataset: id });
  });
  show(session, answer, () => {
    const source =
      answer.changed.time.certainty === 'measured'
        ? 'Time is based on steps measured on this machine.'
        : 'Time is based on another machine; no step of this base model has been measured here yet.';
    return [
      `${answer.dataset?.name ?? 'worst case: rows of max_length'}, ${answer.base.label}`,
      table(['', 'now', 'with the changes'], rows(answer)),
      table(
        ['batch', 'steps', 's per step', 'memory', ''],
        answer.levels.map((level) => [
          String(level.batch_size),
          level.steps === null ? UNKNOWN : count(level.steps),
          decimal(level.seconds_per_step, 2),
          memory(level.memory),
          verdict(level.verdict),
        ]),
      ),
      `Whole queue: ${count(answer.queue.datasets)} datasets, ${count(answer.queue.steps)} steps, about ${duration(answer.queue.seconds)}.`,
      ...(answer.queue.refused.length === 0
        ? []
        : [`Refused with these settings: ${refusedText(answer.queue.refused)}.`]),
      ...(answer.fitting === null
        ? []
        : [
            `With micro_batch ${String(answer.fitting.micro_batch)} it needs ${memory(answer.fitting.memory)} and fits.`,
          ]),
      source,
      recordText(answer),
    ].join('\n');
  });
  return exitCode.ok;
}
