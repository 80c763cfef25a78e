/**
 * The one configuration schema. Factory values, help, units and locks stand here and nowhere else: `config.json` at the top of
 * the repository, the form, the command line's help and the lock map are generated from it.
 */
import { z } from 'zod';

/** When a key may change. `pass`: frozen while a pass is open (staged instead). `free`: at once. `memory`: at once, also for the open pass. */
export type Lock = 'pass' | 'free' | 'memory';

export interface KeyFacts {
  readonly group: string;
  readonly help: string;
  readonly unit: string | null;
  readonly lock: Lock;
  /** Needs `--confirm <key>`; the sentence states the consequence. */
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
    'The name of the lineage, shown everywhere and kept in every version.',
    {
      consent:
        'The lineage goes on under the new name; versions that were made keep the old one in their settings.',
    },
  ),
  base_model: key(
    z.string().default(''),
    'Model',
    'The folder name under models/ of the base that the lineage begins from. Empty until one is chosen.',
    {
      consent:
        'The next dataset begins a new lineage from the weights of the new base. What was trained until now is kept as a version and a backup and can be gone back to under Models; its datasets are not in the new model.',
    },
  ),
  device: key(
    z
      .string()
      .regex(/^(auto|cpu|cuda:\d+|GPU-[0-9a-f-]+)$/)
      .default('auto'),
    'Model',
    'auto, cpu, cuda:N or a GPU UUID.',
  ),
  world_size: key(
    z.int().min(1).max(64).default(1),
    'Model',
    'Processes of this machine that train each step together, one a GPU from device on. The batch stays.',
    { unit: 'processes' },
  ),
  method: key(z.enum(['full']).default('full'), 'Model', 'What is trained: full, all weights.'),
  precision: key(
    z.enum(['auto', 'bf16', 'fp32']).default('auto'),
    'Model',
    'Arithmetic of forward and backward. auto: bf16 where it is fast, else fp32.',
  ),
  deterministic: key(
    z.enum(['auto', 'on', 'off']).default('auto'),
    'Model',
    'Bitwise repeatable steps. auto: on for the CPU. off: there the threads also give way to other programs.',
  ),
  batch_size: key(positive(16), 'Training', 'Examples per optimizer step.', { unit: 'examples' }),
  gradient_accumulation: key(positive(1), 'Training', 'Multiplies the examples per step.'),
  micro_batch: key(
    z.union([z.literal('auto'), z.int().min(1)]).default('auto'),
    'Training',
    'Examples in memory at once. auto: found while training.',
    { unit: 'examples', lock: 'memory' },
  ),
  learning_rate: key(
    z.number().min(1e-8).max(1).default(2e-4),
    'Training',
    'Step size of AdamW after the warm-up.',
  ),
  schedule: key(
    z.enum(['constant', 'cosine_per_dataset']).default('constant'),
    'Training',
    'constant after one warm-up per lineage, or a cosine that restarts with each dataset.',
  ),
  warmup_steps: key(
    z.int().min(0).default(100),
    'Training',
    'Steps from zero to the full learning rate, once per lineage.',
    { unit: 'steps' },
  ),
  weight_decay: key(
    z.number().min(0).max(1).default(0.01),
    'Training',
    'AdamW weight decay on matrices.',
  ),
  max_grad_norm: key(
    z.number().positive().default(1),
    'Training',
    'Gradients are clipped to this norm.',
  ),
  epochs: key(positive(1), 'Training', 'How many times each accepted row is trained in a pass.'),
  seed: key(
    z.int().min(0).default(42),
    'Training',
    'Seed of the row order, the split and dropout.',
  ),
  max_length: key(z.int().min(16).max(131072).default(4096), 'Data', 'Longest example in tokens.', {
    unit: 'tokens',
    consent:
      'Files that wait are validated again under the new length; rows that fit before may be rejected, and memory use changes.',
  }),
  over_length: key(
    z.enum(['refuse', 'drop', 'truncate']).default('refuse'),
    'Data',
    'What happens to rows longer than max_length.',
  ),
  thinking: key(
    z.enum(['off', 'keep', 'model']).default('off'),
    'Data',
    'Think blocks: none added and none trained, what the record holds, or as the model template does.',
  ),
  packing: key(
    z.boolean().default(true),
    'Data',
    'Lay several examples into one row; the loss is the same.',
  ),
  eval_steps: key(positive(500), 'Evaluation', 'Steps between evaluations.', { unit: 'steps' }),
  eval_samples: key(positive(1000), 'Evaluation', 'Validation rows scored for loss.', {
    unit: 'rows',
  }),
  generate_samples: key(
    z.int().min(0).default(64),
    'Evaluation',
    'Fixed validation rows answered for exact match.',
    { unit: 'rows', lock: 'memory' },
  ),
  eval_max_new_tokens: key(
    positive(2048),
    'Evaluation',
    'Longest answer generated in an evaluation.',
    { unit: 'tokens', lock: 'memory' },
  ),
  eval_timeout_seconds: key(
    positive(120),
    'Evaluation',
    'Time limit of generation in one evaluation.',
    { unit: 's', lock: 'memory' },
  ),
  preview_steps: key(positive(200), 'Evaluation', 'Steps between previews.', { unit: 'steps' }),
  scorer: key(
    z.enum(['exact', 'last_number', 'contains', 'regex', 'json_equal']).default('exact'),
    'Evaluation',
    'How an answer is compared with the expected one.',
  ),
  save_steps: key(positive(100), 'Saving', 'Steps between checkpoints.', { unit: 'steps' }),
  keep_checkpoints: key(positive(3), 'Saving', 'Checkpoints kept on the branch.', free),
  pause_keep_seconds: key(
    z.int().min(0).default(600),
    'Saving',
    'How long a paused trainer keeps its memory before it ends.',
    { unit: 's', ...free },
  ),
  poll_interval: key(positive(30), 'Engine', 'Seconds between reconciliations of the folders.', {
    unit: 's',
    ...free,
  }),
  validation: z
    .strictObject({
      core_rows: key(
        z.int().min(0).default(1000),
        'Evaluation',
        'Rows of the fixed validation core, at most 5 % of the first dataset.',
        { unit: 'rows' },
      ),
      slice_rows: key(
        z.int().min(0).default(200),
        'Evaluation',
        'Rows held out of each dataset, at most 2 %, at least 20 where the rows allow.',
        { unit: 'rows' },
      ),
    })
    .prefault({}),
  watchdog: z
    .strictObject({
      restart_limit: key(
        positive(3),
        'Watchdog',
        'Restarts in a row without a new saved step before it stops.',
        free,
      ),
      backoff_first_seconds: key(
        z.number().min(0).default(1),
        'Watchdog',
        'Wait before the first restart.',
        { unit: 's', ...free },
      ),
      backoff_last_seconds: key(
        z.number().min(0).default(60),
        'Watchdog',
        'Longest wait between restarts.',
        { unit: 's', ...free },
      ),
    })
    .prefault({}),
  hang: z
    .strictObject({
      train_minutes: key(
        z.number().positive().default(15),
        'Watchdog',
        'Hard limit without a heartbeat while training.',
        { unit: 'min', ...free },
      ),
      eval_minutes: key(
        z.number().positive().default(30),
        'Watchdog',
        'Hard limit without a heartbeat while evaluating.',
        { unit: 'min', ...free },
      ),
      learned: key(
        z.boolean().default(true),
        'Watchdog',
        'Use the limits learned from the measured beats as well.',
        free,
      ),
    })
    .prefault({}),
  disk: z
    .strictObject({
      min_free_gb: key(
        z.number().min(0).default(50),
        'Disk',
        'The floor; scaled to a tenth of the disk on small disks.',
        { unit: 'GB', ...free },
      ),
      keep_backups_per_type: key(
        positive(1),
        'Disk',
        'Good backups of each type that a clean-up leaves whatever their age.',
        free,
      ),
      backup_retention_days: key(
        z.number().min(0).default(30),
        'Disk',
        'Age up to which a clean-up leaves a backup.',
        { unit: 'days', ...free },
      ),
    })
    .prefault({}),
  snapshot: z
    .strictObject({
      daily_at: key(
        z
          .string()
          .regex(/^(([01]\d|2[0-3]):[0-5]\d)?$/, 'HH:MM, or empty for none')
          .default('03:00'),
        'Saving',
        'When a version is made by itself once a day, on the clock of this machine. Empty: never.',
        free,
      ),
    })
    .prefault({}),
  monitor: z
    .strictObject({
      port: key(
        z.int().min(1).max(65535).default(8080),
        'Monitor',
        'Port of the interface on 127.0.0.1; the next free one is taken. Read when the engine starts.',
        free,
      ),
      memory_port: key(
        z.int().min(0).max(65535).default(8081),
        'Monitor',
        'Port of /api/memory_stats on 127.0.0.1; the next free one is taken, 0 switches it off. Read when the engine starts.',
        free,
      ),
      open_status: key(
        z.boolean().default(true),
        'Monitor',
        'Status numbers are readable on loopback without a token.',
        free,
      ),
    })
    .prefault({}),
  budget: z
    .strictObject({
      monitoring_percent: key(
        z.number().positive().max(100).default(5),
        'Monitor',
        'Share of time that evaluation, previews and status may take.',
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
  const out: Leaf[] = [];
  const walk = (
    shape: Record<string, z.ZodType>,
    prefix: string,
    values: Record<string, unknown>,
  ): void => {
    for (const [name, schema] of Object.entries(shape)) {
      const dotted = prefix + name;
      const known = facts.get(schema);
      if (known !== undefined) {
        out.push({ key: dotted, factory: values[name], ...known, schema });
        continue;
      }
      const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
      if (inner instanceof z.ZodObject)
        walk(inner.shape, `${dotted}.`, values[name] as Record<string, unknown>);
    }
  };
  walk(configSchema.shape, '', factoryConfig);
  return out;
}

/** Every key with its facts, in the order of the schema. */
export function describeKeys(): readonly KeyDescription[] {
  return leaves().map(({ schema: _, ...description }) => description);
}

/** The schema of one dotted key; null: there is none. */
export function schemaOf(name: string): z.ZodType | null {
  return leaves().find((leave) => leave.key === name)?.schema ?? null;
}

/** What the window knows of the configuration. */
export const configState = z.object({
  values: configSchema,
  /** The user's differences from the factory values, dotted keys. */
  differences: z.record(z.string(), z.unknown()),
  /** Locked keys with the reason, while a pass is open. */
  locks: z.record(z.string(), z.string()),
  /** Changes that wait for the next dataset, dotted keys. */
  staged: z.record(z.string(), z.unknown()),
  /** Keys that were changed in config.json by hand during a pass: what runs and what the file says. */
  drift: z.array(z.object({ key: z.string(), running: z.unknown(), file: z.unknown() })),
  /** A config.json that could not be read: what, where, what to do. */
  problem: z.string().nullable(),
});
export type ConfigState = z.infer<typeof configState>;
