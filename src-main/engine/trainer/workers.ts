/** Python workers: everything that does not train, launched and observed like the trainer. */
import type { WorkerKind, WorkerRequest } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';
import { signalGroup } from '../../kit/identity.ts';
import { classifyCrash } from './classify-crash.ts';
import { createRunFolder, launch, launchCategory } from './launch.ts';
import { readExit, readLogEnd } from './run-files.ts';
import type { PythonFacts, WorkerResult, WorkOptions } from './types.ts';
import { WarmIntake } from './warm-intake.ts';
import { WatchedRun } from './watched-run.ts';
import {
  limitsItself,
  limitsOf,
  LimitWatch,
  ownMemoryLimit,
  type WorkerLimits,
} from './worker-limits.ts';
import { removeInside } from '../../kit/confined.ts';

const POLL_SECONDS = 0.1;

export interface WorkersOptions {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
  readonly python: () => Promise<PythonFacts>;
  /** 64 random bits in hex, which make a run id unique. */
  readonly random: () => string;
  /** Bytes of memory that this machine, or its container, can give now. */
  readonly availableMemory: () => number;
}

export class Workers {
  private readonly options: WorkersOptions;
  private readonly live = new Set<WatchedRun>();
  private readonly warmIntake: WarmIntake;

  constructor(options: WorkersOptions) {
    this.options = options;
    this.warmIntake = new WarmIntake(options);
  }

  async work<K extends WorkerKind>(
    kind: K,
    request: WorkerRequest<K>,
    options: WorkOptions = {},
  ): Promise<WorkerResult> {
    const python = await this.options.python();
    let run: WatchedRun;
    try {
      const warm =
        kind === 'intake'
          ? await this.warmIntake.work(
              python,
              request as unknown as WorkerRequest<'intake'>,
              options,
            )
          : null;
      let stopped = warm?.stopped ?? null;
      const limits = limitsOf(kind, this.options.availableMemory());
      run = warm?.run ?? (await this.start(python, kind, request, limits));
      if (warm === null) {
        options.onStarted?.(run);
        stopped = await this.observe(run, options, { kind, limits, clock: this.options.clock });
      }
      if (stopped !== null) return stopped;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { ok: false, category: launchCategory(error), message, log: '' };
    }
    if (options.signal?.aborted === true)
      return {
        ok: false,
        category: 'canceled',
        message: `The ${kind} worker was canceled.`,
        log: '',
      };
    const result = await resultOf(run);
    // A routine check leaves no folder behind, unless it failed and the folder says why.
    if (result.ok && options.isRoutine === true)
      await removeInside(this.options.paths.runs, run.folder).catch(() => undefined);
    return result;
  }

  /** Workers end with the engine: what they write appears only when complete, and is made again. */
  close(): void {
    this.warmIntake.close();
    for (const run of this.live) signalGroup(run.identity, 'SIGKILL');
  }

  private async start<K extends WorkerKind>(
    python: PythonFacts,
    kind: K,
    request: WorkerRequest<K>,
    limits: WorkerLimits,
  ): Promise<WatchedRun> {
    const { paths, clock } = this.options;
    const { run, folder, created } = await createRunFolder(this.options, kind);
    const spec = { format: 1, kind, run, workspace: paths.root, created, ...request };
    const memoryBytes = limitsItself(kind) ? ownMemoryLimit(limits) : null;
    const launched = await launch({ folder, kind, python, spec, memoryBytes });
    return new WatchedRun({ run, folder, ...launched, clock });
  }

  /** Until the process is gone and its last event is read. Returns which limit it reached. */
  private async observe(
    run: WatchedRun,
    { onEvent, signal }: WorkOptions,
    watched: ConstructorParameters<typeof LimitWatch>[0],
  ): Promise<WorkerResult | null> {
    const watch = new LimitWatch(watched);
    let stopped: WorkerResult | null = null;
    const cancel = (): void => {
      signalGroup(run.identity, 'SIGKILL');
    };
    this.live.add(run);
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted === true) cancel();
    try {
      for (;;) {
        const isAlive = run.isAlive;
        for (const event of await run.readEvents()) onEvent?.(event);
        if (!isAlive) return stopped;
        stopped ??= await watch.check(run);
        await this.options.clock.sleep(POLL_SECONDS);
      }
    } finally {
      this.live.delete(run);
      signal?.removeEventListener('abort', cancel);
    }
  }
}

async function resultOf(run: WatchedRun): Promise<WorkerResult> {
  const exit = await readExit(run.folder);
  if (exit?.outcome === 'completed') return { ok: true, exit };
  await run.awaitExitCode();
  const log = await readLogEnd(run.folder);
  const { exitCode, signal } = run;
  const error = exit?.error ?? null;
  const crash = classifyCrash({ exitCode, signal, error, log, kernel: '' });
  return { ok: false, category: crash.category, message: error?.message ?? crash.message, log };
}
