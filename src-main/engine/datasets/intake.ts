/** One intake worker at a time, also while training runs: the file is read, validated and tokenized once, by the same reader that trains. */
import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Config, DatasetReport } from '../../contract/index.ts';
import { datasetReport } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { readJson } from '../../kit/files.ts';
import { sha256File } from '../../kit/hash.ts';
import type { IntakeOptions } from '../../formats/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import type { Judged, Meta } from './meta.ts';

/** The base whose tokenizer and template validate a file. */
export interface Base {
  readonly id: string;
  readonly folder: string;
  readonly hash: string;
}

/** What decides a verdict; when it changes, files that wait are validated again. */
export function validationKey(
  config: Config,
  base: Base,
  meta: Pick<Meta, 'mapping' | 'accept_valid_rows'>,
): string {
  return JSON.stringify([
    base.hash,
    config.max_length,
    config.over_length,
    config.thinking,
    config.seed,
    config.validation.slice_rows,
    meta.mapping,
    meta.accept_valid_rows,
  ]);
}

/** Steps of one pass: examples a step decide, over every epoch. */
export function plannedSteps(
  trainedRows: number,
  config: Pick<Config, 'batch_size' | 'gradient_accumulation' | 'epochs'>,
): number {
  return (
    Math.ceil(trainedRows / (config.batch_size * config.gradient_accumulation)) * config.epochs
  );
}

export function intakeOptions(
  config: Config,
  meta: Pick<Meta, 'mapping' | 'accept_valid_rows'>,
  isDry: boolean,
): IntakeOptions {
  return {
    max_length: config.max_length,
    over_length: config.over_length,
    thinking: config.thinking,
    slice_rows: config.validation.slice_rows,
    core_rows: config.validation.core_rows,
    seed: config.seed,
    batch_size: config.batch_size * config.gradient_accumulation,
    epochs: config.epochs,
    warmup_steps: config.warmup_steps,
    save_steps: config.save_steps,
    mapping: meta.mapping,
    accept_valid_rows: meta.accept_valid_rows,
    dry_run: isDry,
  };
}

export type IntakeResult =
  | {
      readonly kind: 'validated';
      readonly report: DatasetReport;
      readonly validated: Judged;
      readonly seen: NonNullable<Meta['seen']>;
    }
  | { readonly kind: 'changed' }
  | { readonly kind: 'failed'; readonly category: string; readonly message: string };

export interface IntakeInput {
  readonly id: string;
  readonly folder: string;
  readonly name: string;
  readonly file: string;
  readonly meta: Pick<Meta, 'mapping' | 'accept_valid_rows'>;
  readonly config: Config;
  readonly base: Base;
  readonly isDry: boolean;
  /** 0..1 */
  readonly onProgress: (progress: number) => void;
  readonly onSeen?: (sha256: string) => Promise<boolean>;
}

/** Judges one file. A file that changed meanwhile is told as `changed`: its verdict would be about something else. */
export async function validate(
  trainer: TrainerRoom,
  clock: Clock,
  input: IntakeInput,
): Promise<IntakeResult> {
  await mkdir(input.folder, { recursive: true });
  const before = await stat(input.file);
  const sha256 = await sha256File(input.file);
  if (input.onSeen !== undefined && !(await input.onSeen(sha256))) return { kind: 'changed' };
  const result = await trainer.work(
    'intake',
    {
      dataset: { id: input.id, folder: input.folder, name: input.name, path: input.file },
      base: { folder: input.base.folder },
      options: intakeOptions(input.config, input.meta, input.isDry),
    },
    {
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
  const raw = await readJson(path.join(input.folder, 'report.json'));
  const parsed = datasetReport.safeParse(raw);
  if (!parsed.success)
    return {
      kind: 'failed',
      category: 'unknown',
      message: `the report of ${input.name} has another shape than expected: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`,
    };
  const after = await stat(input.file);
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) return { kind: 'changed' };
  const report = parsed.data;
  return {
    kind: 'validated',
    report,
    seen: { bytes: after.size, mtime_ms: after.mtimeMs, sha256 },
    validated: {
      key: validationKey(input.config, input.base, input.meta),
      verdict: report.verdict,
      decision: report.decision,
      message: report.message,
      rows: report.rows,
      accepted: report.accepted,
      rejected: report.rejected.total,
      held_out: report.held_out.core + report.held_out.slice + report.held_out.duplicates,
      trained_rows: report.trained_rows,
      planned_steps: report.planned_steps,
      content_hash: report.content_hash,
      cache: report.cache,
      t: clock.now(),
    },
  };
}

/** Judges a file without adding it: a folder of its own, removed afterwards. */
export async function judgeDry(
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
