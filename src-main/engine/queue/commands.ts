/** Pause, resume, stop, skip and the emergency file. Each answers whether it has taken effect, and after how long. */
import { access, rename } from 'node:fs/promises';
import { type QueueState, Refusal } from '../../contract/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { phaseOf, type QueueParts } from './queue-state.ts';

/** A command that was given: whether it has taken effect, and after how long. */
export interface Acted {
  readonly acted: boolean;
  readonly waited_ms: number;
  readonly text: string;
}

/** Seconds that a command waits for the trainer's answer; it stays pending after that. */
const commandPatience = 15;
const stopFilePatience = 30;

export function createCommands({
  o: options,
  now,
  desiredState,
  passes,
  settled,
  tell,
  tick,
}: QueueParts) {
  const isBusy = (): boolean => now.isSupervising;
  const phase = (): string | null => phaseOf(options.trainer);
  let isStopping = false;

  async function setDesiredState(
    to: QueueState['desired_state'],
    by: string,
    note: string | null = null,
  ): Promise<void> {
    await desiredState.set(to, by, note);
    options.journal.write({
      what: `queue.${to}`,
      text: `The queue is ${to === 'stopping_after' ? 'stopped after this dataset' : to} (${by}).`,
      step: options.trainer.view().heartbeat?.step ?? null,
      dataset: now.open?.dataset.id ?? null,
    });
    tell();
  }

  /** Waits until `isDone`, or the patience is over; the answer says which. */
  async function command(
    verb: Parameters<TrainerRoom['command']>[0],
    isDone: () => boolean,
  ): Promise<Acted> {
    const from = options.clock.monotonic();
    const waited = (): number => Math.round((options.clock.monotonic() - from) * 1000);
    if (!isBusy()) return { acted: true, waited_ms: 0, text: 'No trainer runs.' };
    const answer = { isOver: false };
    const over = (): void => {
      answer.isOver = true;
    };
    const stopWaiting = [
      settled.on(over),
      options.trainer.events.on((event) => {
        if (verb === 'pause' && event.type === 'paused') over();
        if (verb === 'resume' && event.type === 'unpaused') over();
      }),
    ];
    try {
      await options.trainer.command(verb);
      while (!answer.isOver && !isDone() && waited() < commandPatience * 1000)
        await options.clock.sleep(0.05);
    } finally {
      for (const stop of stopWaiting) stop();
    }
    const acted = answer.isOver || isDone();
    return {
      acted,
      waited_ms: waited(),
      text: acted
        ? `Done after ${(waited() / 1000).toFixed(1)} s.`
        : `The trainer has not answered for ${commandPatience} s; it acts at its next step.`,
    };
  }

  async function pause(by: string): Promise<Acted> {
    await setDesiredState('paused', by);
    const isResumed = (): boolean => isBusy() && options.trainer.view().halting === null;
    const acted = await command('pause', () => phase() === 'paused' || !isBusy() || isResumed());
    if (isResumed())
      return { ...acted, acted: false, text: 'It was resumed before it had paused.' };
    return { ...acted, text: acted.acted ? 'Paused; a checkpoint holds the place.' : acted.text };
  }

  async function resume(by: string): Promise<Acted> {
    now.notReady = null;
    await setDesiredState('running', by);
    // Also before it has paused: the pause would take effect after this.
    const acted: Acted =
      isBusy() && (phase() === 'paused' || options.trainer.view().halting === 'paused')
        ? await command('resume', () => phase() !== 'paused')
        : { acted: true, waited_ms: 0, text: '' };
    await tick();
    const text = isBusy()
      ? 'Training goes on.'
      : `The queue runs; ${now.why?.why ?? 'nothing waits'}.`;
    return { ...acted, text: acted.acted ? text : acted.text };
  }

  async function stop(isNow: boolean, by: string): Promise<Acted> {
    const { open } = now;
    if (!isNow && open !== null && (isBusy() || desiredState.state().desired_state === 'running')) {
      const wasPaused = phase() === 'paused' || options.trainer.view().halting === 'paused';
      await setDesiredState('stopping_after', by);
      if (wasPaused) await command('resume', () => phase() !== 'paused');
      return { acted: true, waited_ms: 0, text: `Stops after ${open.dataset.name}.` };
    }
    await setDesiredState('stopped', by);
    const acted = await command('stop-now', () => !isBusy());
    return {
      ...acted,
      text: acted.acted ? 'Stopped; the dataset continues where it was.' : acted.text,
    };
  }

  /** Refusal NOT_READY when no dataset is being trained. */
  async function skip(by: string): Promise<Acted> {
    const target = now.open;
    if (target === null)
      throw new Refusal('NOT_READY', 'No dataset is being trained.', {
        next: 'Waiting ones are taken out with remove.',
      });
    options.journal.write({
      what: 'queue.skip',
      text: `${target.dataset.name} is skipped (${by}).`,
      dataset: target.dataset.id,
    });
    const text = `${target.dataset.name} is skipped.`;
    if (isBusy()) {
      const acted = await command('skip', () => !isBusy());
      return { ...acted, text: acted.acted ? text : acted.text };
    }
    now.open = null;
    await passes.skip(target, null);
    tell();
    await tick();
    return { acted: true, waited_ms: 0, text };
  }

  const hasStopFile = (): Promise<boolean> =>
    access(options.paths.stopFile).then(
      () => true,
      () => false,
    );

  /** `.stop`: a checkpoint within 30 s, else the trainer is killed; the queue stays stopped until somebody resumes it. */
  async function lookForStopFile(): Promise<void> {
    if (isStopping || !(await hasStopFile())) return;
    isStopping = true;
    try {
      await setDesiredState('stopped', '.stop file');
      if (isBusy()) {
        const end = options.clock.monotonic() + stopFilePatience;
        // On a disk that is full the command cannot be written; the time limit holds all the same.
        await options.trainer.command('stop-now').catch((error: unknown) => {
          options.failed('queue.stop_file', error);
        });
        while (isBusy() && options.clock.monotonic() < end) await options.clock.sleep(0.1);
        if (isBusy()) await options.trainer.kill('no checkpoint within 30 s of .stop');
      }
      const time = new Date(options.clock.now() * 1000)
        .toISOString()
        .replace(/[-:]/g, '')
        .slice(0, 15);
      await rename(options.paths.stopFile, `${options.paths.stopFile}.done-${time}`);
    } finally {
      isStopping = false;
    }
  }

  return { setDesiredState, pause, resume, stop, skip, hasStopFile, lookForStopFile };
}
