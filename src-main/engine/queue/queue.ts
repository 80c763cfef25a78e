/** The shell around `decideNext`: composes the parts, does the next act, listens to the trainer. */
import { type QueueState, Refusal } from '../../contract/index.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { PassOutcome, TrainerEvent } from '../trainer/index.ts';
import { createCommands } from './commands.ts';
import { decideNext } from './decide.ts';
import { deviceLocks, isHeldByOthers } from './devices.ts';
import { openDesiredState } from './desired-state.ts';
import { createOutcomes } from './outcomes.ts';
import { readPass, requirePass } from './pass.ts';
import { type OpenPass, Passes } from './passes.ts';
import { type Aftermath, applyAftermath } from './restored.ts';
import {
  type LineageOpener,
  type NotReady,
  phaseOf,
  type QueueNews,
  type QueueOptions,
  type QueueParts,
  type Standing,
} from './queue-state.ts';
import { createWaiting } from './waiting.ts';

export type QueueRoom = Awaited<ReturnType<typeof createQueue>>;

/** A tick does several acts at once, but never loops on one that has no effect. */
const actsATick = 4;

export async function createQueue(options: QueueOptions) {
  const changed = new Emitter<void>();
  const news = new Emitter<QueueNews>();
  const settled = new Emitter<PassOutcome>();
  const now: Standing = { open: null, isSupervising: false, notReady: null, why: null };
  const passes = new Passes({ ...options, beginLineage });
  const desiredState = await openDesiredState(options.paths, options.clock);
  let isTicking = false;
  let isStarted = false;
  /** While something is done to the model, nothing begins. */
  let isHeld = false;
  let isSettling = false;
  let isOpeningLineage = false;
  let opener: LineageOpener | null = null;
  const tell = (): void => {
    changed.emit(undefined);
  };
  const parts: QueueParts = { o: options, now, desiredState, passes, settled, news, tell, tick };
  const commands = createCommands(parts);
  const outcomes = createOutcomes(parts);
  const waiting = createWaiting(parts);

  async function safely(where: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      options.failed(`queue.${where}`, error);
    }
  }

  /** Not inside the tick, which it waits for; what it refuses is waited for like a machine that is not ready. */
  function beginLineage(base: string): void {
    if (isOpeningLineage) return;
    isOpeningLineage = true;
    void safely('lineage', () => requireOpener().openLineage(base).catch(refusedLineage)).finally(
      () => {
        isOpeningLineage = false;
      },
    );
  }

  function requireOpener(): LineageOpener {
    if (opener === null) throw new Error('queue.connect was not called');
    return opener;
  }

  /** While the user goes back somewhere, that decides first; the next tick looks again. */
  function refusedLineage(error: unknown): void {
    if (!(error instanceof Refusal && error.code === 'BUSY')) refused(error);
  }

  function refused(error: unknown): void {
    if (!(error instanceof Refusal)) throw error;
    const category = error.code === 'DISK_FULL' ? 'disk_full' : 'configuration_error';
    outcomes.setNotReady(category, error.message);
  }

  async function launch(pass: OpenPass): Promise<void> {
    now.open = pass;
    now.isSupervising = true;
    now.why = null;
    const head = await options.checkpoints.newest();
    options.trainer.train(passes.request(pass, head?.step ?? null));
    tell();
  }

  /** A data file that somebody took out of processing/ by hand ends its pass. */
  function forgetVanished(): void {
    if (now.open === null || now.isSupervising) return;
    if (options.datasets.forPass(now.open.dataset.id)?.place === 'processing') return;
    options.config.openPass(null);
    now.open = null;
  }

  /** The device is free as soon as its holder is gone; that is seen without starting a trainer. */
  async function lookAtDevice(): Promise<void> {
    const { notReady } = now;
    if (notReady?.category !== 'device_busy' || now.isSupervising) return;
    if (await isHeldByOthers(deviceLocks(process.env), options.paths.root)) return;
    now.notReady = { ...notReady, until: options.clock.now() };
  }

  /** Does one act; answers whether another may follow. */
  async function act(): Promise<boolean> {
    forgetVanished();
    await lookAtDevice();
    const next = decideNext(
      {
        desiredState: desiredState.state().desired_state,
        isSupervising: now.isSupervising,
        open: now.open?.dataset.id ?? null,
        waiting: options.datasets.queued(),
        noBase: options.baseModels.missingReason(),
        notBefore: now.notReady?.until ?? null,
      },
      options.clock.now(),
    );
    switch (next.kind) {
      case 'wait':
        if (next.why !== now.why?.why) {
          now.why = { why: next.why, since: options.clock.now() };
          tell();
        }
        return false;
      case 'stop':
        await commands.setDesiredState('stopped', desiredState.state().by, next.why);
        return false;
      case 'continue': {
        await options.disk.require(await options.baseModels.checkpointBytes(), 'a checkpoint');
        if (now.open !== null) await launch(now.open);
        return true;
      }
      case 'begin': {
        const pass = await passes.begin(next.id);
        if (pass === null) return false;
        await launch(pass);
        return true;
      }
    }
  }

  async function tick(): Promise<void> {
    // What has ended is closed first: its version is the parent of the next, and the queue is not empty because the next has begun.
    if (isTicking || isSettling || !isStarted || isHeld) return;
    isTicking = true;
    try {
      for (let turn = 0; turn < actsATick && (await act()); turn += 1);
    } catch (error) {
      refused(error);
    } finally {
      isTicking = false;
    }
  }

  async function hear(event: TrainerEvent): Promise<void> {
    const id = now.open?.dataset.id;
    if (id === undefined) return;
    // It runs again: what was waited for is there.
    if (event.type === 'resumed') now.notReady = null;
    if (event.type !== 'evaluation') return;
    const loss = lossOf(event.slice) ?? lossOf(event.core);
    if (loss === null) return;
    const isFirst = event.when === 'start' && options.datasets.meta(id)?.validation_before === null;
    await options.datasets.note(
      id,
      isFirst ? { validation_before: loss } : { validation_after: loss },
    );
  }

  /** A live trainer of this workspace goes on, under the wish that is latched now. */
  async function adopt(): Promise<void> {
    const adopted = await options.trainer.adopt();
    if (adopted === null) return;
    now.isSupervising = true;
    const dataset = options.datasets.forPass(adopted.dataset.id);
    const pass = dataset === null ? null : await readPass(dataset.folder);
    if (dataset !== null && pass !== null && pass.pass === adopted.pass.id) {
      if (dataset.place !== 'processing') await options.datasets.toProcessing(dataset.id);
      now.open = { dataset, pass };
    }
    options.journal.write({
      what: 'queue.adopt',
      text: `A trainer was running already (pid ${options.trainer.view().pid ?? 'unknown'}); it goes on.`,
      dataset: adopted.dataset.id,
    });
    const wish = desiredState.state().desired_state;
    const isPaused = phaseOf(options.trainer) === 'paused';
    if (wish === 'stopped') await options.trainer.command('stop-now');
    else if (wish === 'paused' && !isPaused) await options.trainer.command('pause');
    else if (wish !== 'paused' && isPaused) await options.trainer.command('resume');
  }

  const stops = [
    options.trainer.outcome.on((outcome) => {
      void safely('outcome', async () => {
        if (now.open !== null && outcome.pass !== now.open.pass.pass) return;
        isSettling = true;
        try {
          await outcomes.settle(outcome);
        } finally {
          isSettling = false;
        }
        settled.emit(outcome);
        await tick();
      });
    }),
    options.trainer.events.on((event) => void safely('event', () => hear(event))),
    options.datasets.verdict.on(() => void safely('tick', tick)),
    options.lineage.changed.on(() => void safely('tick', tick)),
    options.baseModels.changed.on(() => void safely('tick', tick)),
    options.clock.every(1, () => safely('stop file', commands.lookForStopFile)),
    options.clock.every(2, () => safely('tick', tick)),
  ];

  /**
   * Nothing begins until `release`; a trainer that runs saves and ends first, and what it ended with is settled. The user's wish (the
   * desiredState) stays as it is. Refusal BUSY when it has not ended in time; the queue then goes on.
   */
  async function standStill(patienceSeconds: number): Promise<void> {
    isHeld = true;
    const end = options.clock.monotonic() + patienceSeconds;
    // An act of the tick that is under way may be about to launch one.
    while (isTicking && options.clock.monotonic() < end) await options.clock.sleep(0.05);
    if (now.isSupervising) await options.trainer.command('stop-now');
    const isStill = (): boolean =>
      !now.isSupervising && !isSettling && !isTicking && !options.trainer.view().alive;
    while (!isStill() && options.clock.monotonic() < end) await options.clock.sleep(0.05);
    if (isStill()) return;
    isHeld = false;
    throw new Refusal(
      'BUSY',
      `The trainer has not saved and ended within ${patienceSeconds} s; nothing was changed.`,
      { subject: 'trainer', next: 'It ends at its next step, and training then goes on.' },
    );
  }

  /** Where the queue stands is read from the files again, and it goes on as the user wished. */
  async function release(): Promise<void> {
    now.open = await passes.repair();
    if (now.open === null) options.config.openPass(null);
    else passes.reopen(now.open);
    isHeld = false;
    tell();
    await safely('tick', tick);
  }

  const { pause, resume, stop, skip } = commands;
  return {
    changed,
    news,
    state: (): QueueState => desiredState.state(),
    open: (): OpenPass | null => now.open,
    isSupervising: (): boolean => now.isSupervising,
    /**
     * Why checkpoints can't be removed now; null: no trainer uses them. A dataset in processing under `running` may get a trainer
     * at any moment: between the rename of its file and the launch, or while the machine is not ready.
     */
    busyReason: (): string | null =>
      now.isSupervising ||
      options.trainer.view().alive ||
      (desiredState.state().desired_state === 'running' && options.datasets.processing().length > 0)
        ? 'Training is running and manages its own checkpoints.'
        : null,
    /** Call it before `start`. The restore room opens lineages, and it needs the queue to exist first. */
    connect(lineageOpener: LineageOpener): void {
      opener = lineageOpener;
    },
    notReady: (): NotReady | null => now.notReady,
    /** Why nothing begins, and since when. */
    waiting: () => now.why,
    ...waiting,
    pause,
    resume,
    stop,
    skip,
    standStill,
    /** The pass of a dataset, whatever became of it; throws what the disk throws. */
    passOf: (id: string) => requirePass(options.paths.dataset(id)),
    release,
    aftermath: (after: Aftermath) => applyAftermath(options, passes, after),
    /** Repairs what a crash left, adopts a live trainer or continues the open pass; nothing is begun before. */
    async start(): Promise<void> {
      if (await commands.hasStopFile()) await desiredState.set('stopped', '.stop file');
      now.open = await passes.repair();
      await adopt();
      if (now.open !== null) passes.reopen(now.open);
      isStarted = true;
      await commands.lookForStopFile();
      await safely('tick', tick);
      tell();
    },
    close(): void {
      isStarted = false;
      for (const stopOne of stops) stopOne();
    },
  };
}

function lossOf(value: unknown): number | null {
  if (typeof value !== 'object' || value === null || !('loss' in value)) return null;
  return typeof value.loss === 'number' ? value.loss : null;
}
