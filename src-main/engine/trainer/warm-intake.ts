/** Validates files in the warm intake worker, one at a time, and replaces it when it has to be. */
import type { WorkerRequest } from '../../formats/index.ts';
import { type HostExit, IntakeHost } from './intake-host.ts';
import { createRunFolder, writeSpec } from './launch.ts';
import type { PythonFacts, WorkerResult, WorkOptions } from './types.ts';
import { WatchedRun } from './watched-run.ts';
import { LimitWatch, limitsOf, ownMemoryLimit } from './worker-limits.ts';
import type { WorkersOptions } from './workers.ts';

const POLL_SECONDS = 0.1;
/** A worker that could not be started is tried again after this time. */
const RETRY_SECONDS = 300;

export interface WarmRun {
  readonly run: WatchedRun;
  /** Why it was ended; null: it ended by itself. */
  readonly stopped: WorkerResult | null;
}

export class WarmIntake {
  private readonly options: WorkersOptions;
  private host: IntakeHost | null = null;
  private isBusy = false;
  private isClosed = false;
  private notBefore = -Infinity;
  /** Of the process that is warm. */
  private limits = limitsOf('intake', 0);

  constructor(options: WorkersOptions) {
    this.options = options;
  }

  /** Null: it is busy or can't be started, and the file needs a process of its own. */
  async work(
    python: PythonFacts,
    request: WorkerRequest<'intake'>,
    options: WorkOptions,
  ): Promise<WarmRun | null> {
    if (this.isBusy || this.options.clock.monotonic() < this.notBefore) return null;
    this.isBusy = true;
    try {
      const host = await this.hostFor(python, request.base.folder);
      return host === null
        ? null
        : await this.observe(host, await this.createRun(request), options);
    } finally {
      this.isBusy = false;
    }
  }

  close(): void {
    this.isClosed = true;
    this.host?.kill();
  }

  private async hostFor(python: PythonFacts, base: string): Promise<IntakeHost | null> {
    if (this.host?.isUsable === true && this.host.base === base) return this.host;
    this.host?.end();
    const { paths, clock } = this.options;
    this.limits = limitsOf('intake', this.options.availableMemory());
    const memoryBytes = ownMemoryLimit(this.limits);
    this.host = await IntakeHost.start({ python, clock, folder: paths.logs, base, memoryBytes });
    if (this.host === null) this.notBefore = clock.monotonic() + RETRY_SECONDS;
    if (this.isClosed) this.host?.kill();
    return this.host;
  }

  private async createRun(
    request: WorkerRequest<'intake'>,
  ): Promise<{ readonly run: string; readonly folder: string }> {
    const { run, folder, created } = await createRunFolder(this.options, 'intake');
    const { root: workspace } = this.options.paths;
    await writeSpec(folder, { format: 1, kind: 'intake', run, workspace, created, ...request });
    return { run, folder };
  }

  /** Until the run is done or its process is gone, and its last event is read. */
  private async observe(
    host: IntakeHost,
    { run: id, folder }: { readonly run: string; readonly folder: string },
    { onEvent, signal }: WorkOptions,
  ): Promise<WarmRun> {
    const { clock } = this.options;
    const run = new WatchedRun({ run: id, folder, identity: host.identity, child: null, clock });
    const cancel = (): void => {
      host.kill();
    };
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted === true) cancel();
    let isDone = false;
    let stopped: WorkerResult | null = null;
    const watch = new LimitWatch({ kind: 'intake', limits: this.limits, clock });
    let exit: HostExit | null = null;
    const finished = host.run(folder).then((result) => {
      isDone = true;
      exit = result;
    });
    const isRunning = (): boolean => !isDone;
    try {
      while (isRunning()) {
        await Promise.race([finished, clock.sleep(POLL_SECONDS)]);
        for (const event of await run.readEvents()) onEvent?.(event);
        if (!isRunning() || stopped !== null) continue;
        stopped = await watch.check(run);
        if (stopped !== null) host.kill();
      }
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
    const ended = exit as HostExit | null;
    run.exitCode = ended?.exitCode ?? null;
    run.signal = ended?.signal ?? null;
    return { run, stopped };
  }
}
