/** Starts and continues passes by the rules of the queue, one at a time. */
import { Refusal } from '../../contract/index.ts';
import { applyAftermath, type Aftermath } from './aftermath.ts';
import { MendDetector } from './mended.ts';
import { repairPasses } from './pass-repair.ts';
import type { OpenPass } from './passes.ts';
import type { QueueCommands } from './commands.ts';
import type { Outcomes } from './outcomes.ts';
import type { LineageOpener, QueueParts } from './queue-progress.ts';
import { decideNext, type QueueAction } from './queue-rules.ts';

/** One tick takes several actions, but never repeats one that has no effect. */
const ACTIONS_PER_TICK = 4;
const STILL_POLL_SECONDS = 0.05;

export class Scheduler {
  /** Until the rooms are complete, and after they are closed, nothing begins. */
  isStarted = false;
  /** While the result of a pass is applied, the next one must not begin. */
  isSettling = false;
  private isTicking = false;
  /** While a restore changes the model, nothing begins. */
  private isHeld = false;
  private isOpeningLineage = false;
  private opener: LineageOpener | null = null;
  private readonly parts: QueueParts;
  private readonly commands: QueueCommands;
  private readonly outcomes: Outcomes;
  private readonly mendDetector: MendDetector;

  constructor(parts: QueueParts, commands: QueueCommands, outcomes: Outcomes) {
    this.parts = parts;
    this.commands = commands;
    this.outcomes = outcomes;
    const { paths, lineage } = parts.options;
    this.mendDetector = new MendDetector(() => paths.checkpoints(lineage.branch()));
  }

  /** Must be called before the queue starts. */
  connect(opener: LineageOpener): void {
    this.opener = opener;
  }

  async tick(): Promise<void> {
    if (this.isTicking || this.isSettling || !this.isStarted || this.isHeld) return;
    this.isTicking = true;
    try {
      for (let action = 0; action < ACTIONS_PER_TICK; action += 1) if (!(await this.act())) break;
    } catch (error) {
      this.waitAfter(error);
    } finally {
      this.isTicking = false;
    }
  }

  /** Runs outside of the tick, which has to end before the queue can stand still. */
  beginLineage(base: string): void {
    if (this.isOpeningLineage) return;
    this.isOpeningLineage = true;
    const open = async (): Promise<void> => {
      try {
        if (this.opener === null) throw new Error('queue.connect was not called');
        await this.opener.openLineage(base);
      } catch (error) {
        // Another restore is under way; the next tick tries again.
        if (!(error instanceof Refusal && error.code === 'BUSY')) this.waitAfter(error);
      }
    };
    void this.guard('lineage', open).finally(() => {
      this.isOpeningLineage = false;
    });
  }

  /**
   * Nothing begins until `release`; a running trainer saves and ends first. The desired state is
   * kept. Refusal BUSY when the trainer has not ended in time; the queue then continues.
   */
  async standStill(seconds: number): Promise<void> {
    const { clock, trainer } = this.parts.options;
    const { progress } = this.parts;
    this.isHeld = true;
    const end = clock.monotonic() + seconds;
    // A tick that is under way may be about to launch a trainer.
    while (this.isTicking && clock.monotonic() < end) await clock.sleep(STILL_POLL_SECONDS);
    if (progress.isSupervising) await trainer.command('stop-now');
    const isStill = (): boolean =>
      !progress.isSupervising && !this.isSettling && !this.isTicking && !trainer.view().alive;
    while (!isStill() && clock.monotonic() < end) await clock.sleep(STILL_POLL_SECONDS);
    if (isStill()) return;
    this.isHeld = false;
    throw new Refusal(
      'BUSY',
      `The trainer did not save and end within ${seconds} s. Nothing was changed.`,
      { subject: 'trainer', next: 'Training ends at its next step and then resumes. Try again.' },
    );
  }

  /** Continues as the user wants, from what the files say now. */
  async release(): Promise<void> {
    const { options, progress, passes, notifyChanged } = this.parts;
    progress.open = await repairPasses(options.datasets, passes);
    if (progress.open === null) options.config.openPass(null);
    else passes.reopen(progress.open);
    // The model that training couldn't resume from may have been replaced.
    progress.notReady = null;
    this.isHeld = false;
    notifyChanged();
    await this.guard('tick', () => this.tick());
  }

  applyAftermath(after: Aftermath): Promise<readonly string[]> {
    return applyAftermath(this.parts.options.datasets, this.parts.passes, after);
  }

  /** A failure is reported as a bug; the queue continues. */
  async guard(where: string, action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.parts.options.failed(`queue.${where}`, error);
    }
  }

  /** True when another action may follow. */
  private async act(): Promise<boolean> {
    const { options, progress, desiredState, passes, notifyChanged } = this.parts;
    this.forgetMissing();
    await this.checkMended();
    const now = options.clock.now();
    const next = decideNext(
      {
        desiredState: desiredState.state().desired_state,
        isSupervising: progress.isSupervising,
        open: progress.open?.dataset.id ?? null,
        waiting: options.datasets.queued(),
        noBase: options.baseModels.missingReason(),
        notBefore: progress.notReady?.until ?? null,
      },
      now,
    );
    if (await this.waitsForDevice(next)) return false;
    switch (next.kind) {
      case 'wait':
        if (next.why !== progress.waiting?.why) {
          progress.waiting = { why: next.why, since: now };
          notifyChanged();
        }
        return false;
      case 'stop':
        await this.commands.setDesiredState('stopped', desiredState.state().by, next.why);
        return false;
      case 'continue':
        await options.disk.require(await options.baseModels.checkpointBytes(), 'a checkpoint');
        if (progress.open !== null) await this.launch(progress.open);
        return true;
      case 'begin': {
        const open = await passes.begin(next.id);
        if (open === null) return false;
        await this.launch(open);
        return true;
      }
    }
  }

  private async launch(open: OpenPass): Promise<void> {
    const { options, progress, passes, notifyChanged } = this.parts;
    progress.open = open;
    progress.isSupervising = true;
    progress.waiting = null;
    const head = await options.checkpoints.newest();
    options.trainer.train(passes.request(open, head?.step ?? null));
    notifyChanged();
  }

  /** A data file that somebody moved out of processing/ ends its pass. */
  private forgetMissing(): void {
    const { options, progress } = this.parts;
    if (progress.open === null || progress.isSupervising) return;
    if (options.datasets.forPass(progress.open.dataset.id)?.place === 'processing') return;
    options.config.openPass(null);
    progress.open = null;
  }

  /** Training starts as soon as the cause is fixed, not only at the next retry. */
  private async checkMended(): Promise<void> {
    const { options, progress } = this.parts;
    const { notReady } = progress;
    if (notReady === null || progress.isSupervising) return;
    if (await this.mendDetector.isMended(notReady))
      progress.notReady = { ...notReady, until: options.clock.now() };
  }

  /** Looks at the device before a trainer is started, and before a dataset leaves the queue. */
  private async waitsForDevice(next: QueueAction): Promise<boolean> {
    const { options, progress, notifyChanged } = this.parts;
    const isStarting = next.kind === 'continue' || next.kind === 'begin';
    if (isStarting && options.clock.now() < (progress.deviceWait?.until ?? 0)) return true;
    const config = progress.open?.pass.config ?? options.config.values();
    const reason = isStarting ? await options.trainer.deviceHolder(config) : null;
    if (reason !== null) {
      this.outcomes.waitForDevice(reason);
      return true;
    }
    if (progress.deviceWait !== null) {
      progress.deviceWait = null;
      notifyChanged();
    }
    return false;
  }

  /** A refusal is waited for like a machine that is not ready; any other error is a bug. */
  private waitAfter(error: unknown): void {
    if (!(error instanceof Refusal)) throw error;
    const category = error.code === 'DISK_FULL' ? 'disk_full' : 'configuration_error';
    this.outcomes.setNotReady(category, error.message);
  }
}
