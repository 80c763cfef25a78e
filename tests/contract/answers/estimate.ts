/** Estimates that follow steps and rows from the report; memory and time are fixed by batch size. */
import {
  configSchema,
  ESTIMATE_LEVELS,
  Refusal,
  verdictOf,
  type Config,
  type DatasetSummary,
  type Rooms,
} from '../../../src-main/contract/index.ts';
import { table } from '../scenes/table.ts';

const GB = 1e9;
const GPU_MEMORY = 25.8 * GB;
const SECONDS_PER_STEP = 3.3;

/** The values with changes by dotted key; refuses INVALID. */
export function withChanges(values: Config, changes: Readonly<Record<string, unknown>>): Config {
  const next = structuredClone(values) as Record<string, unknown>;
  for (const [key, value] of Object.entries(changes)) {
    const parts = key.split('.');
    const folder = parts.slice(0, -1).reduce((at, part) => at[part] as typeof next, next);
    folder[parts.at(-1) ?? key] = value;
  }
  const parsed = configSchema.safeParse(next);
  if (!parsed.success) throw new Refusal('INVALID', 'A change is not allowed.');
  return parsed.data;
}

const memoryOf = (batch: number): number => (8 + batch * 0.55) * GB;

function passOf(dataset: DatasetSummary | undefined, values: Config) {
  const rows = dataset?.rows ?? 0;
  const isTooLong = dataset?.id === 'd-too-long';
  const share = values.max_length < 128 ? 2 : 20;
  const longer = isTooLong ? (dataset.rejected ?? 0) : Math.round(rows / share);
  const over = values.max_length < (isTooLong ? 5312 : 402) ? longer : 0;
  const steps = Math.ceil((rows - over) / values.batch_size) * values.epochs;
  const bytes = memoryOf(values.batch_size);
  return {
    steps,
    rows_over: over,
    trained_rows: rows - over,
    memory: {
      parts: [
        { part: 'runtime', bytes: GB },
        { part: 'optimizer_states', bytes: 7 * GB },
        { part: 'activations', bytes: bytes - 8 * GB },
      ],
      bytes,
      total: GPU_MEMORY,
      device: 'gpu',
      verdict: verdictOf(bytes, GPU_MEMORY),
      tokens_at_once: 4096,
    },
    time: {
      seconds_per_step: SECONDS_PER_STEP,
      seconds: steps * SECONDS_PER_STEP,
      tokens_per_step: 1040,
    },
    disk: {
      parts: [{ part: 'checkpoints', bytes: 7.2 * GB }],
      bytes: 7.2 * GB,
      checkpoint_bytes: 7.2 * GB,
      checkpoints_kept: values.keep_checkpoints,
      room: 162 * GB,
      verdict: 'fits',
    },
  };
}

export function overLongOf(rooms: Rooms, dataset: DatasetSummary) {
  const { max_length } = rooms.config.values;
  if (dataset.id !== 'd-too-long') return { max_length };
  const choices = table(0)`
option   | key         | value    | max_length | rows_kept | rows_lost | trained_tokens_lost | steps | seconds | memory | verdict
drop     | over_length | drop     | 4096       | 16881     | 1331      | 1783713             | 1056  | 3485    | 24.9e9 | tight
truncate | over_length | truncate | 4096       | 18000     | 212       | 538121              | 1125  | 3485    | 24.9e9 | tight
raise    | max_length  | 5312     | 5312       | 18212     | 0         | 0                   | 1139  | 3720    | 29.4e9 | too_large`.map(
    (choice) => ({ ...choice, memory_total: GPU_MEMORY }),
  );
  return { max_length, rows: dataset.rejected ?? 0, now: null, choices };
}

export function estimateFor(
  { config, datasets }: Rooms,
  asked: { readonly changes: Readonly<Record<string, unknown>>; readonly dataset: string | null },
) {
  const waiting = datasets.filter(({ place, verdict }) => place === 'queue' && verdict === 'ready');
  const meant = datasets.find((dataset) => dataset.id === asked.dataset) ?? waiting[0];
  const values = withChanges(config.values, { ...config.staged, ...asked.changes });
  const changed = passOf(meant, values);
  return {
    dataset: meant === undefined ? null : { id: meant.id, name: meant.name },
    base: { id: 'smollm2', label: 'Qwen3-0.6B', parameters: 596_049_920 },
    now: passOf(meant, withChanges(config.values, config.staged)),
    changed,
    levels: ESTIMATE_LEVELS.map((batch_size) => ({
      batch_size,
      steps: changed.steps,
      seconds_per_step: SECONDS_PER_STEP,
      memory: memoryOf(batch_size),
      verdict: verdictOf(memoryOf(batch_size), GPU_MEMORY),
    })),
    queue: {
      datasets: waiting.length,
      steps: changed.steps,
      seconds: changed.time?.seconds ?? 0,
      refused: waiting.flatMap((dataset) => {
        const { id, name, rows } = dataset;
        const { rows_over } = passOf(dataset, values);
        return rows !== null && rows_over > rows / 20 ? [{ id, name, rows, rows_over }] : [];
      }),
    },
    record: { count: 5, time: { least: -0.08, most: 0.12 }, memory: { least: -0.04, most: 0.03 } },
  };
}
