/** Validates files in the warm intake worker, one at a time, and replaces it when it has to be. */
import type { WorkerRequest } from '../../formats/index.ts';
import { type HostExit, IntakeHost } from './intake-host.ts';
import { createRunFolder, writeSpec } from './launch.ts';
import type { PythonFacts, WorkOptions } from './types.ts';
import { WatchedRun } from './watched-run.ts';
import type { WorkersOptions } from './workers.ts';

const POLL_SECONDS = 0.1;
/** A file whose worker writes no heartbeat for this long is validated again in another one. */
const HANG_SECONDS = 600;
const HEARTBEAT_CHECK_SECONDS = 5;
/** A worker that could not be started is tried again after this time. */
const RETRY_SECONDS = 300;

export interface WarmRun {
  readonly run: WatchedRun;
  readonly isHung: boolean;
}

export class WarmIntake {
  private readonly options: WorkersOptions;
  private host: IntakeHost | null = null;
  private isBusy = false;
  private isClosed = false;
  private notBefore = -Infinity;

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
    this.host = await IntakeHost.start({ python, clock, folder: paths.logs, base });
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
    let isHung = false;
    let exit: HostExit | null = null;
    const finished = host.run(folder).then((result) => {
      isDone = true;
      exit = result;
    });
    let nextCheck = clock.monotonic() + HEARTBEAT_CHECK_SECONDS;
    const isRunning = (): boolean => !isDone;
    try {
      while (isRunning()) {
        await Promise.race([finished, clock.sleep(POLL_SECONDS)]);
        for (const event of await run.readEvents()) onEvent?.(event);
        if (clock.monotonic() < nextCheck) continue;
        nextCheck = clock.monotonic() + HEARTBEAT_CHECK_SECONDS;
        await run.readHeartbeat();
        isHung = run.heartbeatAge > HANG_SECONDS;
        if (isHung) host.kill();
      }
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
    const ended = exit as HostExit | null;
    run.exitCode = ended?.exitCode ?? null;
    run.signal = ended?.signal ?? null;
    return { run, isHung };
  }
}
