/** spec.json of a training run: from the frozen configuration to what Python is told, and back. */
import path from 'node:path';
import { type Config, configSchema } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import type { MachineFacts } from '../../machine/index.ts';
import type { PassRequest } from './types.ts';

/** What `auto` is resolved by. */
export type DeviceFacts = Pick<MachineFacts, 'hasGpu' | 'hasFastBf16'>;

/** Python gets no `auto`, except micro_batch, which is found while training. Pure. */
export function resolveForMachine(
  config: Config,
  machine: DeviceFacts,
): { readonly device: string; readonly config: Config } {
  const device = config.device === 'auto' ? (machine.hasGpu ? 'cuda:0' : 'cpu') : config.device;
  const onCpu = device === 'cpu';
  const precision =
    config.precision !== 'auto'
      ? config.precision
      : onCpu && !machine.hasFastBf16
        ? 'fp32'
        : 'bf16';
  const deterministic =
    config.deterministic === 'auto' ? (onCpu ? 'on' : 'off') : config.deterministic;
  return { device, config: { ...config, precision, deterministic } };
}

/** How the trainer is started: by itself, or as several ranks by `torchrun`. */
export interface Launcher {
  readonly kind: 'single' | 'torchrun';
  readonly processes: number;
}

export const alone: Launcher = { kind: 'single', processes: 1 };

export function launcherOf(config: Pick<Config, 'world_size'>): Launcher {
  return config.world_size === 1 ? alone : { kind: 'torchrun', processes: config.world_size };
}

/** Half of what was in memory at once, at least one example. Pure. */
export function halveMicroBatch(now: number | null, config: Config): number {
  const whole = config.batch_size * config.gradient_accumulation;
  const before = now ?? (config.micro_batch === 'auto' ? whole : config.micro_batch);
  return Math.max(1, Math.floor(before / 2));
}

export function trainSpec(options: {
  readonly run: string;
  readonly paths: WorkspacePaths;
  readonly request: PassRequest;
  /** Overrides micro_batch after GPU memory ran out; the batch stays. */
  readonly microBatch: number | null;
  readonly machine: DeviceFacts;
  readonly threads: number;
  readonly now: number;
}): Record<string, unknown> {
  const { request } = options;
  const { device, config } = resolveForMachine(request.config, options.machine);
  return {
    format: 1,
    kind: 'train',
    run: options.run,
    workspace: options.paths.root,
    created: options.now,
    dataset: {
      id: request.dataset.id,
      folder: request.dataset.folder,
      name: request.dataset.name,
      content_hash: request.dataset.contentHash,
      cache: request.dataset.cache,
      excluded_rows: request.dataset.excludedRows,
    },
    pass: { id: request.pass.id, planned_steps: request.pass.plannedSteps },
    config: options.microBatch === null ? config : { ...config, micro_batch: options.microBatch },
    /** The frozen configuration as the engine knows it, so that the pass can be adopted as it was. */
    frozen: request.config,
    base: request.base,
    lineage: {
      branch: request.lineage.branch,
      checkpoints: options.paths.checkpoints(request.lineage.branch),
      head_step: request.lineage.headStep,
    },
    validation: { core: request.core },
    start: request.start,
    device,
    launcher: launcherOf(config),
    // A GPU stands still while a checkpoint is written; a processor would write no faster beside its steps, and needs the memory.
    saving: device === 'cpu' ? 'sync' : 'async',
    // Of each process: more threads than cores make all of them slower.
    threads: Math.max(1, Math.floor(options.threads / config.world_size)),
    test: {},
  };
}

/** The request that a spec.json was made from; null when it is not one. */
export function requestOf(spec: unknown): PassRequest | null {
  const at = (value: unknown, key: string): unknown =>
    typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)[key]
      : undefined;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const numbers = (value: unknown): readonly number[] =>
    Array.isArray(value) ? value.filter((entry): entry is number => typeof entry === 'number') : [];
  const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
  const config = configSchema.safeParse(at(spec, 'frozen'));
  if (at(spec, 'kind') !== 'train' || !config.success) return null;
  const dataset = at(spec, 'dataset');
  const base = at(spec, 'base');
  const lineage = at(spec, 'lineage');
  const start = at(spec, 'start');
  const head = at(lineage, 'head_step');
  return {
    pass: {
      id: text(at(at(spec, 'pass'), 'id')),
      plannedSteps: count(at(at(spec, 'pass'), 'planned_steps')),
    },
    dataset: {
      id: text(at(dataset, 'id')),
      folder: text(at(dataset, 'folder')),
      name: text(at(dataset, 'name')),
      contentHash: text(at(dataset, 'content_hash')),
      cache: text(at(dataset, 'cache')),
      excludedRows: numbers(at(dataset, 'excluded_rows')),
    },
    config: config.data,
    base: {
      id: text(at(base, 'id')),
      folder: text(at(base, 'folder')),
      hash: text(at(base, 'hash')),
    },
    lineage: {
      branch: text(at(lineage, 'branch')) || path.basename(text(at(lineage, 'checkpoints'))),
      headStep: typeof head === 'number' ? head : null,
    },
    core: text(at(at(spec, 'validation'), 'core')),
    start: { position: count(at(start, 'position')), epoch: count(at(start, 'epoch')) },
  };
}
