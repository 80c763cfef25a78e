/**
 * The configuration schema with factory values, help, units and locks. `config.json` at the top of
 * the repository, the form, the command line's help and the locks are generated from it.
 */
import { z } from 'zod';

/**
 * When a key may change. `pass`: frozen while a pass is open, so it is staged. `free`: at once.
 * `memory`: at once, for the open pass too.
 */
export type Lock = 'pass' | 'free' | 'memory';

export interface KeyFacts {
  readonly group: string;
  readonly help: string;
  readonly unit: string | null;
  readonly lock: Lock;
  /** What happens; such a change needs `--confirm <key>`. */
  readonly consent: string | null;
}
const facts = z.registry<KeyFacts>();

function key<T extends z.ZodType>(
  schema: T,
  group: string,
  help: string,
  options: { unit?: string; lock?: Lock; consent?: string } = {},
): T {
  facts.add(schema, {
    group,
    help,
    unit: options.unit ?? null,
    lock: options.lock ?? 'pass',
    consent: options.consent ?? null,
  });
  return schema;
}

const positive = (value: number) => z.int().min(1).default(value);
const free = { lock: 'free' as const };

export const configSchema = z.strictObject({
  model_name: key(
    z.string().min(1).default('nightshift'),
    'Model',
    'Name of the model, shown in the app and saved with every version.',
    {
      consent:
        'Training continues under the new name; existing versions keep the old one in their settings.',
    },
  ),
  base_model: key(
    z.string().default(''),
    'Model',
    'Base model to train from: a folder name under models/. Empty until one is selected.',
    {
      consent:
        'The next dataset starts a new lineage from the new base model. The current model is kept as a version and a backup, which can be restored in Models; its datasets are not part of the new model.',
    },
  ),
  device: key(
    z
      .string()
      .regex(/^(auto|cpu|cuda:\d+|GPU-[0-9a-f-]+)$/)
      .default('auto'),
    'Model',
    'Device to train on: auto, cpu, cuda:N or a GPU UUID.',
  ),
  world_size: key(
    z.int().min(1).max(64).default(1),
    'Model',
    "Number of GPUs (data-parallel processes), starting with device. The effective batch size doesn't change.",
    { unit: 'processes' },
  ),
  method: key(z.enum(['full']).default('full'), 'Model', 'Training method. full: all weights.'),
  precision: key(
    z.enum(['auto', 'bf16', 'fp32']).default('auto'),
    'Model',
    'Precision of forward and backward pass. auto: bf16 where it is fast, otherwise fp32.',
  ),
  deterministic: key(
    z.enum(['auto', 'on', 'off']).default('auto'),
    'Model',
    'Deterministic kernels, for bitwise reproducible steps. auto: on for the CPU. off also lowers the thread priority on the CPU.',
  ),
  batch_size: key(positive(16), 'Training', 'Examples per optimizer step.', { unit: 'examples' }),
  gradient_accumulation: key(
    positive(1),
    'Training',
    'Batches per optimizer step; multiplies the effective batch size.',
  ),
  micro_batch: key(
    z.union([z.literal('auto'), z.int().min(1)]).default('auto'),
    'Training',
    'Examples in memory at a time. auto: found while training.',
    { unit: 'examples', lock: 'memory' },
  ),
  learning_rate: key(
    z.number().min(1e-8).max(1).default(2e-4),
    'Training',
    'Peak learning rate of AdamW, after the warmup.',
  ),
  schedule: key(
    z.enum(['constant', 'cosine_per_dataset']).default('constant'),
    'Training',
    'constant: after one warmup per lineage. cosine_per_dataset: a cosine decay that restarts with each dataset.',
  ),
  warmup_steps: key(
    z.int().min(0).default(100),
    'Training',
    'Warmup steps from zero to the peak learning rate, once per lineage; at most 5 % of the steps of a dataset.',
    { unit: 'steps' },
  ),
  weight_decay: key(
    z.number().min(0).max(1).default(0.01),
    'Training',
    'AdamW weight decay, on matrices only.',
  ),
  max_grad_norm: key(
    z.number().positive().default(1),
    'Training',
    'Clips the gradient norm to this value.',
  ),
  epochs: key(positive(1), 'Training', 'Epochs per dataset: how often each row is trained.'),
  seed: key(
    z.int().min(0).default(42),
    'Training',
    'Seed of the row order, the validation split and dropout.',
  ),
  max_length: key(
    z.int().min(16).max(131072).default(4096),
    'Data',
    'Maximum length of an example.',
    {
      unit: 'tokens',
      consent:
        'Queued files are re-validated with the new length: rows that fit before may be rejected, and memory use changes.',
    },
  ),
  over_length: key(
    z.enum(['refuse', 'drop', 'truncate']).default('refuse'),
    'Data',
    'Rows longer than max_length. refuse: ask for a decision; drop: leave the row out; truncate: cut it at max_length.',
  ),
  thinking: key(
    z.enum(['ask', 'off', 'keep', 'model']).default('ask'),
    'Data',
    '<think> blocks. ask: decide once for each kind of file; off: strip <think>; keep: as in the data; model: as the chat template does.',
  ),
  control_tokens: key(
    z.enum(['encode', 'text']).default('encode'),
    'Data',
    "Control tokens of the chat template inside a record's text, such as <|im_end|>. encode: as the tokens they name; text: as plain text.",
  ),
  system_messages: key(
    z.enum(['reject', 'merge']).default('reject'),
    'Data',
    'System messages, where the chat template has no system role. reject: leave the row out; merge: put them before the first user message.',
  ),
  packing: key(
    z.boolean().default(true),
    'Data',
    'Pack short examples into one sequence (loss unchanged).',
  ),
  eval_steps: key(positive(500), 'Evaluation', 'Steps between evaluations.', { unit: 'steps' }),
  eval_samples: key(positive(1000), 'Evaluation', 'Validation rows per evaluation of the loss.', {
    unit: 'rows',
  }),
  generate_samples: key(
    z.int().min(0).default(64),
    'Evaluation',
    'Rows of the fixed validation set that the model answers, for exact match.',
    { unit: 'rows', lock: 'memory' },
  ),
  eval_max_new_tokens: key(positive(2048), 'Evaluation', 'Maximum length of a generated answer.', {
    unit: 'tokens',
    lock: 'memory',
  }),
  eval_timeout_seconds: key(
    positive(120),
    'Evaluation',
    'Time limit for generating answers in one evaluation.',
    { unit: 's', lock: 'memory' },
  ),
  preview_steps: key(positive(200), 'Evaluation', 'Steps between previews.', { unit: 'steps' }),
  scorer: key(
    z.enum(['exact', 'last_number', 'contains', 'regex', 'json_equal']).default('exact'),
    'Evaluation',
    'How an answer is compared with the expected one. regex: the expected answer is a regular expression.',
  ),
  save_steps: key(
    positive(100),
    'Saving',
    'Steps between checkpoints; slow steps are saved after five minutes at the latest.',
    { unit: 'steps' },
  ),
  keep_checkpoints: key(positive(3), 'Saving', 'Checkpoints to keep on a branch.', free),
  pause_keep_seconds: key(
    z.int().min(0).default(600),
    'Saving',
    'How long a paused trainer keeps the model in memory.',
    { unit: 's', ...free },
  ),
  poll_interval: key(positive(30), 'Engine', 'Folder scan interval.', {
    unit: 's',
    ...free,
  }),
  validation: z
    .strictObject({
      core_rows: key(
        z.int().min(0).default(1000),
        'Evaluation',
        'Fixed validation set size, at most 5 % of the first dataset.',
        { unit: 'rows' },
      ),
      slice_rows: key(
        z.int().min(0).default(200),
        'Evaluation',
        'Validation rows per dataset: at most 2 % of it, at least 20 where there are enough rows.',
        { unit: 'rows' },
      ),
    })
    .prefault({}),
  watchdog: z
    .strictObject({
      restart_limit: key(
        positive(3),
        'Watchdog',
        'Restarts in a row without a new checkpoint before training stops.',
        free,
      ),
      backoff_first_seconds: key(
        z.number().min(0).default(1),
        'Watchdog',
        'Delay before the first restart.',
        { unit: 's', ...free },
      ),
      backoff_last_seconds: key(
        z.number().min(0).default(60),
        'Watchdog',
        'Maximum delay between restarts.',
        { unit: 's', ...free },
      ),
    })
    .prefault({}),
  hang: z
    .strictObject({
      train_minutes: key(
        z.number().positive().default(15),
        'Watchdog',
        'Hang timeout while training: time without a heartbeat.',
        { unit: 'min', ...free },
      ),
      eval_minutes: key(
        z.number().positive().default(30),
        'Watchdog',
        'Hang timeout while evaluating: time without a heartbeat.',
        { unit: 'min', ...free },
      ),
      learned: key(
        z.boolean().default(true),
        'Watchdog',
        'Adaptive hang timeout, from the heartbeats measured so far.',
        free,
      ),
    })
    .prefault({}),
  disk: z
    .strictObject({
      min_free_gb: key(
        z.number().min(0).default(50),
        'Disk',
        'Minimum free space; saving is paused below it. At most a tenth of the disk.',
        { unit: 'GB', ...free },
      ),
      keep_backups_per_type: key(
        positive(1),
        'Disk',
        'Backups always kept per type, whatever their age.',
        free,
      ),
      backup_retention_days: key(
        z.number().min(0).default(30),
        'Disk',
        'Backups younger than this are kept by a cleanup.',
        { unit: 'days', ...free },
      ),
    })
    .prefault({}),
  snapshot: z
    .strictObject({
      daily_at: key(
        z
          .string()
          .regex(/^(([01]\d|2[0-3]):[0-5]\d)?$/, 'HH:MM, or empty')
          .default('03:00'),
        'Saving',
        'Daily automatic version at this local time. Empty: never.',
        free,
      ),
    })
    .prefault({}),
  monitor: z
    .strictObject({
      port: key(
        z.int().min(1).max(65535).default(8080),
        'Monitor',
        'Port of the app on 127.0.0.1, or the next free one. Applies at the next start of the engine.',
        free,
      ),
      memory_port: key(
        z.int().min(0).max(65535).default(8081),
        'Monitor',
        'Port of /api/memory_stats on 127.0.0.1, or the next free one; 0: off. Applies at the next start of the engine.',
        free,
      ),
      open_status: key(
        z.boolean().default(true),
        'Monitor',
        'Public metrics: status numbers can be read on loopback without a token.',
        free,
      ),
    })
    .prefault({}),
  budget: z
    .strictObject({
      monitoring_percent: key(
        z.number().positive().max(100).default(5),
        'Monitor',
        'Limit for the monitoring overhead: time for evaluations, previews and status.',
        { unit: '%', ...free },
      ),
    })
    .prefault({}),
});
export type Config = z.infer<typeof configSchema>;

/** Factory values, complete. */
export const factoryConfig: Config = configSchema.parse({});

export interface KeyDescription extends KeyFacts {
  /** Dotted, `watchdog.restart_limit`. */
  readonly key: string;
  readonly factory: unknown;
}

interface Leaf extends KeyDescription {
  readonly schema: z.ZodType;
}

function leaves(): readonly Leaf[] {
  const found: Leaf[] = [];
  const collect = (
    shape: Record<string, z.ZodType>,
    prefix: string,
    values: Record<string, unknown>,
  ): void => {
    for (const [name, schema] of Object.entries(shape)) {
      const dotted = prefix + name;
      const known = facts.get(schema);
      if (known !== undefined) {
        found.push({ key: dotted, factory: values[name], ...known, schema });
        continue;
      }
      const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
      if (inner instanceof z.ZodObject)
        collect(inner.shape, `${dotted}.`, values[name] as Record<string, unknown>);
    }
  };
  collect(configSchema.shape, '', factoryConfig);
  return found;
}

/** Every key with its facts, in the order of the schema. */
export function describeKeys(): readonly KeyDescription[] {
  return leaves().map(({ schema: _, ...description }) => description);
}

/** The schema of a dotted key; null when the key doesn't exist. */
export function schemaOf(name: string): z.ZodType | null {
  return leaves().find((leaf) => leaf.key === name)?.schema ?? null;
}

/** The configuration as clients see it. */
export const configState = z.object({
  values: configSchema,
  /** The user's differences from the factory values, dotted keys. */
  differences: z.record(z.string(), z.unknown()),
  /** Locked keys with the reason, while a pass is open. */
  locks: z.record(z.string(), z.string()),
  /** Changes that apply from the next dataset, dotted keys. */
  staged: z.record(z.string(), z.unknown()),
  /** Keys that were edited in config.json during a pass: the value that is used, and the file's. */
  drift: z.array(z.object({ key: z.string(), running: z.unknown(), file: z.unknown() })),
  /** Why config.json can't be used, and what to do. */
  problem: z.string().nullable(),
});
export type ConfigState = z.infer<typeof configState>;
