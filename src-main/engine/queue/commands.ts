/** Pause, resume, stop, skip and the .stop file. Each reports whether it has taken effect. */
import { access, rename } from 'node:fs/promises';
import { duration } from '../../contract/format.ts';
import { type QueueState, Refusal, unsavedText } from '../../contract/index.ts';
import type { CommandVerb } from '../../formats/index.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';
import { type HaltFacts, haltText } from './halt-text.ts';
import { phaseOf, type QueueParts } from './queue-progress.ts';

/** Whether a command has taken effect, and after how long. */
export interface CommandResult {
  readonly acted: boolean;
  readonly waited_ms: number;
  readonly text: string;
}

/** A command that the trainer has not acknowledged by then stays pending. */
const COMMAND_SECONDS = 15;
const COMMAND_POLL_SECONDS = 0.05;
/** The trainer is killed when it has not saved and ended by then. */
const STOP_FILE_SECONDS = 30;
const STOP_FILE_POLL_SECONDS = 0.1;

const DONE: CommandResult = { acted: true, waited_ms: 0, text: '' };

export class QueueCommands {
  private readonly parts: QueueParts;
  private isHandlingStopFile = false;

  constructor(parts: QueueParts) {
    this.parts = parts;
  }

  async setDesiredState(
    to: QueueState['desired_state'],
    by: string,
    note: string | null = null,
  ): Promise<void> {
    const { options, progress, desiredState, notifyChanged } = this.parts;
    await desiredState.set(to, by, note);
    options.journal.write({
      what: `queue.${to}`,
      text: `${STATE_TEXTS[to]} by ${withoutClient(by)}.`,
      step: options.trainer.view().heartbeat?.step ?? null,
      dataset: progress.open?.dataset.id ?? null,
      evidence: { by },
    });
    notifyChanged();
  }

  async pause(by: string): Promise<CommandResult> {
    const before = this.progressNow();
    const wasPaused = this.phase === 'paused';
    await this.setDesiredState('paused', by);
    const isResumed = (): boolean => this.isBusy && this.requestedHalt === null;
    // The event `paused` comes after the save, the heartbeat of that phase may be read before it.
    const result = await this.command('pause', () => wasPaused || !this.isBusy || isResumed());
    const { clock } = this.parts.options;
    const end = clock.monotonic() + COMMAND_SECONDS;
    while (this.isBusy && !isResumed() && this.phase !== 'paused' && clock.monotonic() < end)
      await clock.sleep(COMMAND_POLL_SECONDS);
    if (isResumed())
      return { ...result, acted: false, text: 'Training was resumed before it had paused.' };
    return { ...result, text: result.acted ? await this.haltText('Paused', before) : result.text };
  }

  async resume(by: string): Promise<CommandResult> {
    const { progress, tick } = this.parts;
    progress.notReady = null;
    await this.setDesiredState('running', by);
    // Also before training has paused, or the pause would take effect after this command.
    const isPaused = this.phase === 'paused' || this.requestedHalt === 'paused';
    const result =
      this.isBusy && isPaused ? await this.command('resume', () => this.phase !== 'paused') : DONE;
    await tick();
    const why = progress.waiting?.why ?? 'the queue is empty';
    const text = this.isBusy ? 'Training resumed.' : `Resumed. Not training: ${why}.`;
    return { ...result, text: result.acted ? text : result.text };
  }

  async stop(isNow: boolean, by: string): Promise<CommandResult> {
    const { open } = this.parts.progress;
    const isRunning = this.parts.desiredState.state().desired_state === 'running';
    if (!isNow && open !== null && (this.isBusy || isRunning)) {
      const wasPaused = this.phase === 'paused' || this.requestedHalt === 'paused';
      await this.setDesiredState('stopping_after', by);
      if (wasPaused) await this.command('resume', () => this.phase !== 'paused');
      return { ...DONE, text: `Stops after ${open.dataset.name}.` };
    }
    const before = this.progressNow();
    await this.setDesiredState('stopped', by);
    const result = await this.command('stop-now', () => !this.isBusy);
    if (result.acted) return { ...result, text: await this.haltText('Stopped', before) };
    const { unsaved } = this.parts.options.trainer.view();
    if (unsaved === null) return result;
    const text = `Waiting to save: ${unsavedText(unsaved)}. To stop without saving it: nightshift stop --discard`;
    return { ...result, text };
  }

  /**
   * Ends a trainer that can't save; the steps after the newest checkpoint are trained again.
   * Refusal NOT_READY when saving works.
   */
  async stopUnsaved(by: string): Promise<CommandResult> {
    const { trainer, clock } = this.parts.options;
    const isBusy = (): boolean => this.isBusy;
    if (!isBusy() || trainer.view().unsaved === null)
      throw new Refusal('NOT_READY', 'Every step can be saved; there is nothing to give up.', {
        next: 'Stop normally: training saves a checkpoint first.',
      });
    const before = this.progressNow();
    const start = clock.monotonic();
    await this.setDesiredState('stopped', by, 'without saving');
    await trainer.kill('stopped without saving');
    while (isBusy() && clock.monotonic() - start < COMMAND_SECONDS)
      await clock.sleep(COMMAND_POLL_SECONDS);
    const waited_ms = Math.round((clock.monotonic() - start) * 1000);
    const text = await this.haltText('Stopped', before);
    return { acted: !isBusy(), waited_ms, text };
  }

  /** Refusal NOT_READY when no dataset is being trained. */
  async skip(by: string): Promise<CommandResult> {
    const { options, progress, skip, notifyChanged, tick } = this.parts;
    const { open } = progress;
    if (open === null)
      throw new Refusal('NOT_READY', 'No dataset is being trained.', {
        next: 'To take a waiting dataset out of the queue, remove it.',
      });
    const { id, name } = open.dataset;
    const text = `Skipped the rest of ${name}.`;
    options.journal.write({
      what: 'queue.skip',
      text: `${name} was skipped by ${withoutClient(by)}.`,
      dataset: id,
      evidence: { by },
    });
    if (this.isBusy) {
      const result = await this.command('skip', () => !this.isBusy);
      return { ...result, text: result.acted ? text : result.text };
    }
    await skip(open);
    notifyChanged();
    await tick();
    return { ...DONE, text };
  }

  hasStopFile(): Promise<boolean> {
    return access(this.parts.options.paths.stopFile).then(() => true, unlessTemporary(false));
  }

  /** `.stop`: saves and stops, or kills the trainer; stopped until somebody resumes. */
  async handleStopFile(): Promise<void> {
    if (this.isHandlingStopFile || !(await this.hasStopFile())) return;
    this.isHandlingStopFile = true;
    try {
      await this.setDesiredState('stopped', '.stop file');
      if (this.isBusy) await this.stopOrKill();
      const { clock, paths } = this.parts.options;
      const time = new Date(clock.now() * 1000).toISOString().replace(/[-:]/g, '').slice(0, 15);
      await rename(paths.stopFile, `${paths.stopFile}.done-${time}`);
    } finally {
      this.isHandlingStopFile = false;
    }
  }

  private async stopOrKill(): Promise<void> {
    const { trainer, clock, failed } = this.parts.options;
    const end = clock.monotonic() + STOP_FILE_SECONDS;
    // On a full disk the command can't be written; the trainer is then killed after the limit.
    await trainer.command('stop-now').catch((error: unknown) => {
      failed('queue.stop_file', error);
    });
    while (this.isBusy && clock.monotonic() < end) await clock.sleep(STOP_FILE_POLL_SECONDS);
    if (this.isBusy)
      await trainer.kill(`no checkpoint within ${STOP_FILE_SECONDS} s of the .stop file`);
  }

  /** Sends a command to the trainer and waits until it has taken effect, or the time is up. */
  private async command(verb: CommandVerb, isDone: () => boolean): Promise<CommandResult> {
    const { options, settled } = this.parts;
    const { trainer, clock } = options;
    if (!this.isBusy) return { ...DONE, text: 'No trainer is running.' };
    const start = clock.monotonic();
    const answer = { isGiven: false };
    const give = (): void => {
      answer.isGiven = true;
    };
    const unsubscribe = [
      settled.on(give),
      trainer.events.on((event) => {
        if (verb === 'pause' && event.type === 'paused') give();
        if (verb === 'resume' && event.type === 'unpaused') give();
      }),
    ];
    try {
      await trainer.command(verb);
      while (!answer.isGiven && !isDone() && clock.monotonic() - start < COMMAND_SECONDS)
        await clock.sleep(COMMAND_POLL_SECONDS);
    } finally {
      for (const stop of unsubscribe) stop();
    }
    const seconds = clock.monotonic() - start;
    const acted = answer.isGiven || isDone();
    return {
      acted,
      waited_ms: Math.round(seconds * 1000),
      text: acted
        ? `Done after ${duration(seconds)}.`
        : `No answer from the trainer for ${COMMAND_SECONDS} s; it takes effect at the next step.`,
    };
  }

  private progressNow() {
    const { savedStep, heartbeat } = this.parts.options.trainer.view();
    const step = heartbeat === null || heartbeat.phase === 'load' ? null : heartbeat.step;
    return { wasBusy: this.isBusy, step: largest(step, savedStep === 0 ? null : savedStep) };
  }

  /** `before`: the progress when the command was given. */
  private async haltText(
    verb: HaltFacts['verb'],
    before: Pick<HaltFacts, 'wasBusy' | 'step'>,
  ): Promise<string> {
    const { options, progress } = this.parts;
    const { unsaved, savedStep } = options.trainer.view();
    const saved = savedStep ?? (await options.checkpoints.newest())?.step ?? null;
    return haltText({
      verb,
      wasBusy: before.wasBusy,
      // A step may have been done and saved since the command was given.
      step: largest(before.step, this.progressNow().step, saved),
      saved,
      unsaved,
      dataset: progress.open?.dataset.name ?? null,
    });
  }

  private get isBusy(): boolean {
    return this.parts.progress.isSupervising;
  }

  private get phase(): string | null {
    return phaseOf(this.parts.options.trainer);
  }

  private get requestedHalt() {
    return this.parts.options.trainer.view().requestedHalt;
  }
}

const largest = (...steps: readonly (number | null)[]): number | null =>
  steps.reduce((most, step) => (most === null || (step ?? -1) > most ? step : most), null);

const STATE_TEXTS: Readonly<Record<QueueState['desired_state'], string>> = {
  running: 'Resumed',
  paused: 'Paused',
  stopped: 'Stopped',
  stopping_after: 'Stop after this dataset requested',
};

/** `you (window)` reads as `you`: which client it was is evidence. */
const withoutClient = (by: string): string => by.replace(/ \(.*\)$/, '');
