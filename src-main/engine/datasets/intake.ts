/** Runs the intake worker, which validates and tokenizes a file with the reader that training uses. */
import { mkdir, rm, stat } from 'node:fs/promises';
import type { Config, DatasetReport } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { sha256File } from '../../kit/hash.ts';
import type { IntakeOptions } from '../../formats/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { validatedBy } from '../../formats/index.ts';
import type { DatasetMeta, Validated } from './meta.ts';
import { readReportFile } from './report-files.ts';

type MappingOptions = Pick<
  DatasetMeta,
  'mapping' | 'accept_valid_rows' | 'accept_unused_fields' | 'thinking'
> &
  Partial<Pick<DatasetMeta, 'encoding'>>;

/** What a file is validated with before the user has decided anything about it. */
export const NO_DECISIONS: MappingOptions = {
  mapping: null,
  accept_valid_rows: false,
  accept_unused_fields: false,
  thinking: null,
};

/** Increased when the same file gives other rows or labels, so that queued files are validated again. */
const INTAKE_VERSION = 2;

/** The base model whose tokenizer and chat template a file is validated with. */
export interface Base {
  readonly id: string;
  readonly folder: string;
  readonly hash: string;
}

/** Everything that a verdict depends on; when it changes, queued files are validated again. */
export function validationKey(config: Config, base: Base, meta: MappingOptions): string {
  return JSON.stringify([
    INTAKE_VERSION,
    base.hash,
    config.max_length,
    config.over_length,
    config.control_tokens,
    config.system_messages,
    meta.thinking ?? config.thinking,
    config.seed,
    config.validation.slice_rows,
    meta.mapping,
    meta.accept_valid_rows,
    meta.accept_unused_fields,
    // Only when chosen, so that files validated before this setting existed stay valid.
    ...(meta.encoding == null ? [] : [meta.encoding]),
  ]);
}

/** Steps of one pass over all epochs. */
export function plannedSteps(
  trainedRows: number,
  config: Pick<Config, 'batch_size' | 'gradient_accumulation' | 'epochs'>,
): number {
  return (
    Math.ceil(trainedRows / (config.batch_size * config.gradient_accumulation)) * config.epochs
  );
}

/**
 * Steps from a position, which counts rows over all epochs, to the end. A step never crosses an
 * epoch, so one that begins inside an epoch can end shorter. Pure.
 */
export function remainingSteps(
  position: number,
  trainedRows: number,
  config: Pick<Config, 'batch_size' | 'gradient_accumulation' | 'epochs'>,
): number {
  const left = trainedRows * config.epochs - position;
  if (trainedRows === 0 || left <= 0) return 0;
  const batch = config.batch_size * config.gradient_accumulation;
  const ofThisEpoch = left % trainedRows;
  const wholeEpochs = (left - ofThisEpoch) / trainedRows;
  return Math.ceil(ofThisEpoch / batch) + wholeEpochs * Math.ceil(trainedRows / batch);
}

export function intakeOptions(config: Config, meta: MappingOptions, isDry: boolean): IntakeOptions {
  return {
    max_length: config.max_length,
    over_length: config.over_length,
    control_tokens: config.control_tokens,
    system_messages: config.system_messages,
    thinking: meta.thinking ?? config.thinking,
    slice_rows: config.validation.slice_rows,
    core_rows: config.validation.core_rows,
    seed: config.seed,
    batch_size: config.batch_size * config.gradient_accumulation,
    epochs: config.epochs,
    save_steps: config.save_steps,
    mapping: meta.mapping,
    encoding: meta.encoding ?? null,
    accept_valid_rows: meta.accept_valid_rows,
    accept_unused_fields: meta.accept_unused_fields,
    dry_run: isDry,
  };
}

export type IntakeResult =
  | {
      readonly kind: 'validated';
      readonly report: DatasetReport;
      readonly validated: Validated;
      readonly seen: NonNullable<DatasetMeta['seen']>;
    }
  | { readonly kind: 'changed' }
  | { readonly kind: 'failed'; readonly category: string; readonly message: string };

export interface IntakeInput {
  readonly id: string;
  readonly folder: string;
  readonly name: string;
  readonly file: string;
  readonly meta: MappingOptions;
  readonly config: Config;
  readonly base: Base;
  readonly isDry: boolean;
  /** Free disk space that the validation leaves. */
  readonly minFreeBytes?: number;
  readonly signal?: AbortSignal;
  /** 0..1 */
  readonly onProgress: (progress: number) => void;
  /** Called with the hash of the file before it is validated; false stops with `changed`. */
  readonly onHash?: (sha256: string) => Promise<boolean>;
}

/** Validates one file. `changed` when it was modified meanwhile: the verdict would be about other content. */
export async function validate(
  trainer: TrainerRoom,
  clock: Clock,
  input: IntakeInput,
): Promise<IntakeResult> {
  await mkdir(input.folder, { recursive: true });
  const before = await stat(input.file);
  const sha256 = await sha256File(input.file);
  if (input.onHash !== undefined && !(await input.onHash(sha256))) return { kind: 'changed' };
  const result = await trainer.work(
    'intake',
    {
      dataset: { id: input.id, folder: input.folder, name: input.name, path: input.file },
      base: { folder: input.base.folder },
      options: {
        ...intakeOptions(input.config, input.meta, input.isDry),
        ...(input.minFreeBytes === undefined ? {} : { min_free_bytes: input.minFreeBytes }),
      },
    },
    {
      ...(input.signal === undefined ? {} : { signal: input.signal }),
      onEvent: (event) => {
        const { type, bytes, total_bytes } = event as {
          readonly type: string;
          readonly bytes?: unknown;
          readonly total_bytes?: unknown;
        };
        if (type === 'progress' && typeof bytes === 'number' && typeof total_bytes === 'number')
          input.onProgress(total_bytes === 0 ? 0 : Math.min(1, bytes / total_bytes));
      },
    },
  );
  if (!result.ok) return { kind: 'failed', category: result.category, message: result.message };
  const reading = await readReportFile(input.folder);
  if (reading?.ok !== true)
    return {
      kind: 'failed',
      category: 'unknown',
      message: `Validation of ${input.name} wrote no usable report: ${reading?.problem ?? 'report.json is missing'}`,
    };
  const report = reading.value;
  const after = await stat(input.file);
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) return { kind: 'changed' };
  return {
    kind: 'validated',
    report,
    seen: { bytes: after.size, mtime_ms: after.mtimeMs, sha256 },
    validated: validatedBy(
      report,
      validationKey(input.config, input.base, input.meta),
      clock.now(),
    ),
  };
}

/** Validates a file without adding it, in a temporary folder. */
export async function dryValidate(
  trainer: TrainerRoom,
  clock: Clock,
  input: Omit<IntakeInput, 'isDry' | 'onProgress'>,
): Promise<IntakeResult> {
  try {
    return await validate(trainer, clock, { ...input, isDry: true, onProgress: () => undefined });
  } finally {
    await rm(input.folder, { recursive: true, force: true });
  }
}
