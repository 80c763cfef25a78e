/** spec.json of a training run, from the frozen configuration, and back for an adopted run. */
import path from 'node:path';
import { cadenceOf, type Config } from '../../contract/index.ts';
import type { LiveSettings, ResolvedConfig, TrainSpec } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { gpuOf, type MachineFacts } from '../../machine/index.ts';
import { withLiveSettings } from './live-settings.ts';
import type { PassRequest } from './types.ts';

/** What `auto` is resolved by. */
export type DeviceFacts = Pick<MachineFacts, 'hasGpu' | 'hasFastBf16' | 'gpus'>;

/** Older GPUs emulate bf16, slower than fp32. */
const BF16_CAPABILITY = 8;

function hasFastBf16(machine: DeviceFacts, device: string): boolean {
  if (device === 'cpu') return machine.hasFastBf16;
  const capability = gpuOf(machine.gpus ?? [], device)?.capability ?? null;
  return capability === null || capability >= BF16_CAPABILITY;
}

/** Python gets no `auto`, except `micro_batch`, which is found while training. Pure. */
export function resolveForMachine(
  config: Config,
  machine: DeviceFacts,
): { readonly device: string; readonly config: ResolvedConfig } {
  const autoDevice = machine.hasGpu ? 'cuda:0' : 'cpu';
  const device = config.device === 'auto' ? autoDevice : config.device;
  const isCpu = device === 'cpu';
  const autoPrecision = hasFastBf16(machine, device) ? 'bf16' : 'fp32';
  const autoDeterministic = isCpu ? 'on' : 'off';
  return {
    device,
    config: {
      ...config,
      precision: config.precision === 'auto' ? autoPrecision : config.precision,
      deterministic: config.deterministic === 'auto' ? autoDeterministic : config.deterministic,
    },
  };
}

/** One process, or one that starts and watches several ranks. */
type Launcher = TrainSpec['launcher'];

const SINGLE_PROCESS: Launcher = { kind: 'single', processes: 1 };

export function launcherOf(config: Pick<Config, 'world_size'>): Launcher {
  return config.world_size === 1 ? SINGLE_PROCESS : { kind: 'ranks', processes: config.world_size };
}

/** Tokens that the trainer computes at a time when memory suffices. */
const MICRO_BATCH_TOKENS = 4096;

/** Half the tokens in memory at a time, at least one. `current` null: as usual. Pure. */
export const halveMicroBatch = (current: number | null): number =>
  Math.max(1, Math.floor((current ?? MICRO_BATCH_TOKENS) / 2));

export function trainSpec(options: {
  readonly run: string;
  readonly paths: WorkspacePaths;
  readonly request: PassRequest;
  /** Tokens at a time after the GPU ran out of memory; the effective batch size stays. */
  readonly microBatchTokens: number | null;
  /** After kills from outside: seconds after which it saves at the latest. */
  readonly saveSeconds?: number | null;
  /** Settings that are not frozen, as they are now; absent: as they were frozen. */
  readonly live?: LiveSettings;
  readonly machine: DeviceFacts;
  readonly threads: number;
  readonly now: number;
}): TrainSpec {
  const { request, paths } = options;
  const { pass, dataset, lineage } = request;
  const { device, config } = resolveForMachine(request.config, options.machine);
  return {
    format: 1,
    kind: 'train',
    run: options.run,
    workspace: paths.root,
    created: options.now,
    dataset: {
      id: dataset.id,
      folder: dataset.folder,
      name: dataset.name,
      content_hash: dataset.contentHash,
      cache: dataset.cache,
      excluded_rows: [...dataset.excludedRows],
      row_order: dataset.rowOrder ?? 'kept',
    },
    pass: { id: pass.id, planned_steps: pass.plannedSteps },
    config: options.live === undefined ? config : withLiveSettings(config, options.live),
    cadence: cadenceOf(config, pass.plannedSteps),
    frozen: request.config,
    base: request.base,
    lineage: {
      branch: lineage.branch,
      checkpoints: paths.checkpoints(lineage.branch),
      head_step: lineage.headStep,
    },
    validation: { core: request.core },
    start: request.start,
    device,
    launcher: launcherOf(config),
    // Asynchronous saving keeps a GPU busy. On the CPU it competes with the steps for cores and
    // needs a second copy of the weights.
    saving: device === 'cpu' ? 'sync' : 'async',
    ...(options.microBatchTokens === null ? {} : { micro_batch_tokens: options.microBatchTokens }),
    ...(options.saveSeconds == null ? {} : { save_seconds: options.saveSeconds }),
    // Per process: more threads than cores slow all processes down.
    threads: Math.max(1, Math.floor(options.threads / config.world_size)),
    test: {},
  };
}

/**
 * The request that a spec was made from; null when it doesn't say what was frozen. The folders are
 * those of `paths`: the spec's lead to where the workspace was when the run began.
 */
export function requestOf(spec: TrainSpec, paths: WorkspacePaths): PassRequest | null {
  if (spec.frozen === undefined) return null;
  const folder = paths.dataset(spec.dataset.id);
  return {
    pass: { id: spec.pass.id, plannedSteps: spec.pass.planned_steps },
    dataset: {
      id: spec.dataset.id,
      folder,
      name: spec.dataset.name,
      contentHash: spec.dataset.content_hash,
      cache: path.join(folder, 'cache', path.basename(spec.dataset.cache)),
      excludedRows: spec.dataset.excluded_rows,
      rowOrder: spec.dataset.row_order,
    },
    config: spec.frozen,
    base: { ...spec.base, folder: paths.base(spec.base.id) },
    lineage: { branch: spec.lineage.branch, headStep: spec.lineage.head_step },
    core: paths.validationCore,
    start: spec.start,
  };
}
