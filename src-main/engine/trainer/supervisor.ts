/**
 * Supervision: launches, watches and restarts the trainer of one pass until there is an outcome.
 */
import { randomBytes } from 'node:crypto';
import type { Config } from '../../contract/index.ts';
import type { CommandVerb } from '../../formats/index.ts';
import { Emitter } from '../../kit/emitter.ts';
import { signalGroup } from '../../kit/identity.ts';
import type { SupervisorContext, TrainerOptions } from './context.ts';
import { busyOutcome, handleCrash, launchFailure, reportRestart } from './crash-handling.ts';
import { findDeviceHolder } from './device-lock.ts';
import { ForeignTrainer } from './foreign-trainer.ts';
import { watchForHang } from './hang-watch.ts';
import { endOvertakenRun, findLiveRun, launchPass } from './launch-pass.ts';
import { sendSettings } from './live-settings.ts';
import { readExit } from './run-files.ts';
import { reportSleep, SleepDetector } from './sleep-detector.ts';
import { SupervisedPass } from './supervised-pass.ts';
import type {
  Halt,
  PassOutcome,
  PassRequest,
  TrainerEvent,
  TrainerRoom,
  TrainerView,
} from './types.ts';
import { trainerView } from './view.ts';
import type { WatchedRun } from './watched-run.ts';
import { Workers } from './workers.ts';

const POLL_SECONDS = 0.25;
const KILL_POLL_SECONDS = 0.05;
/** Then a killed process counts as stuck in a system call. */
const KILL_ATTEMPTS = 600;

export const createTrainer = (options: TrainerOptions): TrainerRoom =>
  new TrainerSupervisor(options);

class TrainerSupervisor implements TrainerRoom {
  readonly events = new Emitter<TrainerEvent>();
  readonly outcome = new Emitter<
    PassOutcome & { readonly pass: string; readonly dataset: string }
  >();
  readonly changed = new Emitter<void>();
  private readonly context: SupervisorContext;
  private readonly workers: Workers;
  private readonly foreignTrainer: ForeignTrainer;
  private readonly sleepDetector: SleepDetector;
  private readonly stopPolling: () => void;
  private pass: SupervisedPass | null = null;
  /** Null while the pass waits for its first run, or for a restart. */
  private run: WatchedRun | null = null;
  private isLaunching = false;
  private isKilling = false;
  private shownState = '';

  constructor(options: TrainerOptions) {
    this.context = {
      ...options,
      random: () => randomBytes(8).toString('hex'),
      emit: ({ run }, event) => {
        this.events.emit({ ...event, run });
      },
    };
    this.workers = new Workers({
      ...this.context,
      availableMemory: () => process.availableMemory(),
    });
    this.foreignTrainer = new ForeignTrainer(options.paths, options.clock);
    this.sleepDetector = new SleepDetector(options.clock);
    this.stopPolling = options.clock.every(POLL_SECONDS, () =>
      // What can't be read is unknown: nothing follows from it, and the next poll looks again.
      this.poll().catch((error: unknown) => {
        options.failed('trainer.poll', error);
      }),
    );
  }

  readonly work: TrainerRoom['work'] = (kind, request, options) =>
    this.workers.work(kind, request, options);

  async deviceHolder(config: Config): Promise<string | null> {
    return (await this.foreignTrainer.find()) ?? (await findDeviceHolder(this.context, config));
  }

  async adopt(): Promise<PassRequest | null> {
    const found = await findLiveRun(this.context.paths, this.context.clock);
    if (found === null) return null;
    const pass = new SupervisedPass(found.request);
    this.pass = pass;
    // Earlier events were reported by the engine before this one.
    for (const event of await found.run.readEvents()) pass.apply(event);
    await found.run.readHeartbeat();
    this.run = found.run;
    this.changed.emit(undefined);
    return found.request;
  }

  train(request: PassRequest): void {
    if (this.pass !== null) throw new Error('another pass is already being trained');
    this.isKilling = false;
    this.pass = new SupervisedPass(request);
    void this.start();
  }

  async command(verb: CommandVerb): Promise<void> {
    this.pass?.command(verb);
    if (this.run?.isAlive === true) {
      await this.run.command(verb);
      this.changed.emit(undefined);
      return;
    }
    if (verb === 'pause') this.haltWithoutTrainer('paused');
    else if (verb === 'stop-now') this.haltWithoutTrainer('stopped');
    else if (verb === 'skip') this.haltWithoutTrainer('skipped');
  }

  async kill(why: string): Promise<void> {
    this.isKilling = true;
    this.context.journal.write({ what: 'trainer.kill', text: `Killing the trainer: ${why}.` });
    const { run } = this;
    if (run === null) {
      this.haltWithoutTrainer('stopped');
      return;
    }
    for (let attempt = 0; run.isAlive; attempt += 1) {
      if (attempt >= KILL_ATTEMPTS)
        throw new Error(
          `The trainer (pid ${String(run.identity.pid)}) can't be killed: it is stuck in a system call.`,
        );
      signalGroup(run.identity, 'SIGKILL');
      await this.context.clock.sleep(KILL_POLL_SECONDS);
    }
  }

  abandon(): void {
    this.stopPolling();
    if (this.run !== null) signalGroup(this.run.identity, 'SIGKILL');
  }

  view(): TrainerView {
    return trainerView(this.context, this.pass, this.run);
  }

  close(): Promise<void> {
    this.stopPolling();
    this.pass?.cancelRestart?.();
    this.workers.close();
    return Promise.resolve();
  }

  private async start(): Promise<void> {
    const { pass, context } = this;
    if (pass === null || this.run !== null || this.isLaunching) return;
    this.isLaunching = true;
    try {
      // Another workspace may have taken the device while this pass waited for its restart.
      const isRestart = pass.attempts + pass.kills > 0;
      const holder = !isRestart ? null : await this.deviceHolder(pass.request.config);
      if (holder !== null) {
        if (this.pass === pass) this.end(busyOutcome(pass, holder));
        return;
      }
      const run = await launchPass(context, pass);
      if (this.pass !== pass) {
        await endOvertakenRun(context, run, pass);
        return;
      }
      this.run = run;
      pass.startRun();
      context.journal.write({
        what: 'trainer.launch',
        text: `Started the trainer for ${pass.dataset.name} (pid ${String(run.identity.pid)}).`,
        step: pass.savedStep,
        dataset: pass.dataset.id,
        evidence: { run: run.run, pid: run.identity.pid, attempt: pass.attempts },
      });
    } catch (error) {
      if (this.pass === pass) this.end(launchFailure(pass, error));
    } finally {
      this.isLaunching = false;
      this.changed.emit(undefined);
      // Another pass may have been requested while the one before was started.
      if (this.pass !== null && this.pass !== pass) void this.start();
    }
  }

  private async poll(): Promise<void> {
    const sleep = this.sleepDetector.check();
    const { run, pass } = this;
    if (run === null || pass === null) return;
    if (sleep !== null) {
      run.ignoreGap();
      reportSleep(this.context, run, pass, sleep);
    }
    const isAlive = run.isAlive;
    await run.readHeartbeat();
    await this.readEvents(run, pass);
    if (isAlive) {
      await sendSettings(pass, run, this.context.config);
      await watchForHang(this.context, run, pass);
    } else await this.settle(run, pass);
    const state = JSON.stringify([run.heartbeat?.seq, run.pending, isAlive]);
    if (state !== this.shownState) this.changed.emit(undefined);
    this.shownState = state;
  }

  private async readEvents(run: WatchedRun, pass: SupervisedPass): Promise<void> {
    for (const event of await run.readEvents()) {
      pass.apply(event);
      if (event.type === 'resumed') reportRestart(this.context, run, pass, event);
      this.context.emit(run, event);
    }
  }

  /** The process is gone: it left an outcome, or it crashed. */
  private async settle(run: WatchedRun, pass: SupervisedPass): Promise<void> {
    await this.readEvents(run, pass);
    const exit = await readExit(run.folder);
    if (exit !== null && exit.outcome !== 'failed' && exit.outcome !== 'canceled') {
      this.end({
        kind: exit.outcome,
        step: exit.step ?? pass.savedStep,
        stepsDone: exit.steps_done ?? pass.stepsDone,
      });
      return;
    }
    if (this.isKilling) {
      this.haltWithoutTrainer('stopped');
      return;
    }
    const next = await handleCrash(this.context, run, pass, exit);
    if (next.kind === 'halt') this.haltWithoutTrainer(next.halt);
    else if (next.kind === 'give_up') this.end(next.outcome);
    else {
      this.run = null;
      pass.cancelRestart = this.context.clock.after(next.inSeconds, () => {
        pass.cancelRestart = null;
        void this.start();
      });
      this.changed.emit(undefined);
    }
  }

  /** The outcome of a pass whose trainer isn't running to report one. */
  private haltWithoutTrainer(kind: Halt): void {
    if (this.pass === null) return;
    this.end({ kind, step: this.pass.savedStep, stepsDone: this.pass.stepsDone });
  }

  private end(outcome: PassOutcome): void {
    const { pass } = this;
    this.pass = null;
    this.run = null;
    if (pass === null) return;
    pass.cancelRestart?.();
    this.changed.emit(undefined);
    this.outcome.emit({ ...outcome, pass: pass.request.pass.id, dataset: pass.dataset.id });
  }
}
