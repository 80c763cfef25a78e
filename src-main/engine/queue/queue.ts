/** The queue's interface: composes its parts and connects them to the trainer and the timers. */
import type { QueueState } from '../../contract/index.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { PassOutcome } from '../trainer/index.ts';
import type { Aftermath } from './aftermath.ts';
import { type CommandResult, QueueCommands } from './commands.ts';
import { openDesiredState } from './desired-state.ts';
import { Outcomes } from './outcomes.ts';
import { requirePass } from './pass-files.ts';
import { repairPasses } from './pass-repair.ts';
import { type OpenPass, Passes } from './passes.ts';
import type {
  DeviceWait,
  LineageOpener,
  NotReady,
  QueueNews,
  QueueOptions,
  QueueParts,
  QueueProgress,
} from './queue-progress.ts';
import { Scheduler } from './scheduler.ts';
import { adoptTrainer, applyEvent } from './trainer-events.ts';
import { WaitingDatasets } from './waiting.ts';

export type QueueRoom = Awaited<ReturnType<typeof createQueue>>;

const STOP_FILE_SECONDS = 1;
const TICK_SECONDS = 2;

export async function createQueue(options: QueueOptions) {
  const changed = new Emitter<void>();
  const progress: QueueProgress = {
    open: null,
    isSupervising: false,
    notReady: null,
    deviceWait: null,
    waiting: null,
  };
  const news = new Emitter<QueueNews>();
  const parts: QueueParts = {
    options,
    progress,
    desiredState: await openDesiredState(options),
    passes: new Passes({
      ...options,
      onRecovered: ({ id, name }, text) => {
        options.journal.write({ what: 'queue.recovered', text, dataset: id });
        news.emit({ kind: 'recovered', name, text });
      },
      beginLineage: (base) => {
        scheduler.beginLineage(base);
      },
    }),
    settled: new Emitter<PassOutcome>(),
    news,
    notifyChanged: () => {
      changed.emit(undefined);
    },
    skip: (open) => outcomes.skip(open),
    tick: () => scheduler.tick(),
  };
  const commands = new QueueCommands(parts);
  const outcomes = new Outcomes(parts);
  const scheduler = new Scheduler(parts, commands, outcomes);
  const waiting = new WaitingDatasets(parts);
  const disconnect = connect(parts, scheduler, commands, outcomes);
  return {
    changed,
    news: parts.news,
    state: (): QueueState => parts.desiredState.state(),
    open: (): OpenPass | null => progress.open,
    isSupervising: (): boolean => progress.isSupervising,
    notReady: (): NotReady | null => progress.notReady,
    deviceWait: (): DeviceWait | null => progress.deviceWait,
    /** Why no pass begins, and since when. */
    waiting: () => progress.waiting,
    live: () => waiting.live(),
    datasets: () => waiting.datasets(),
    move: waiting.move.bind(waiting),
    hold: waiting.hold.bind(waiting),
    retry: waiting.retry.bind(waiting),
    remove: waiting.remove.bind(waiting),
    pause: async (by: string) => withUnsaved(parts, await commands.pause(by)),
    resume: async (by: string) => withUnsaved(parts, await commands.resume(by)),
    stop: async (isNow: boolean, by: string) => withUnsaved(parts, await commands.stop(isNow, by)),
    /** Why the desired state isn't on the disk; null: it is. */
    unsavedState: (): string | null => parts.desiredState.unsaved(),
    stopUnsaved: (by: string) => commands.stopUnsaved(by),
    skip: (by: string) => commands.skip(by),
    standStill: (seconds: number) => scheduler.standStill(seconds),
    release: () => scheduler.release(),
    aftermath: (after: Aftermath) => scheduler.applyAftermath(after),
    /**
     * Why checkpoints can't be removed now; null: no trainer uses them. With the queue running, a
     * dataset in processing may get a trainer at any moment: between the rename of its file and the
     * launch, or while the machine is not ready.
     */
    busyReason: (): string | null =>
      progress.isSupervising ||
      options.trainer.view().alive ||
      (parts.desiredState.state().desired_state === 'running' &&
        options.datasets.processing().length > 0)
        ? 'Training is running and manages its own checkpoints.'
        : null,
    /** Must be called before `start`. */
    connect(opener: LineageOpener): void {
      scheduler.connect(opener);
    },
    /** The pass of a dataset in any state; throws what the disk throws. */
    passOf: (id: string) => requirePass(options.paths.dataset(id)),
    /** Repairs what a crash left, then adopts a live trainer or continues the open pass. */
    async start(): Promise<void> {
      if (await commands.hasStopFile()) await parts.desiredState.set('stopped', '.stop file');
      progress.open = await repairPasses(options.datasets, parts.passes);
      await adoptTrainer(parts);
      if (progress.open !== null) parts.passes.reopen(progress.open);
      scheduler.isStarted = true;
      await commands.handleStopFile();
      await scheduler.guard('tick', parts.tick);
      parts.notifyChanged();
    },
    close(): void {
      scheduler.isStarted = false;
      parts.desiredState.close();
      disconnect();
    },
  };
}

/** An order counts from memory; a restart of the engine would not know it. */
function withUnsaved({ desiredState }: QueueParts, result: CommandResult): CommandResult {
  const unsaved = desiredState.unsaved();
  if (unsaved === null) return result;
  const state = desiredState.state().desired_state.replace('_', ' ');
  return {
    ...result,
    text: `${result.text} The state ${state} isn't saved and is lost if the engine restarts: ${unsaved}`,
  };
}

/** Everything that makes the queue act. */
function connect(
  parts: QueueParts,
  scheduler: Scheduler,
  commands: QueueCommands,
  outcomes: Outcomes,
): () => void {
  const { options, progress, settled, tick } = parts;
  const guardedTick = (): Promise<void> => scheduler.guard('tick', tick);
  const settle = async (outcome: PassOutcome & { readonly pass: string }): Promise<void> => {
    if (progress.open !== null && outcome.pass !== progress.open.pass.pass) return;
    scheduler.isSettling = true;
    try {
      await outcomes.settle(outcome);
    } finally {
      scheduler.isSettling = false;
    }
    settled.emit(outcome);
    await tick();
  };
  const unsubscribe = [
    options.trainer.outcome.on((outcome) => {
      void scheduler.guard('outcome', () => settle(outcome));
    }),
    options.trainer.events.on((event) => {
      void scheduler.guard('event', () => applyEvent(parts, event));
    }),
    options.datasets.verdict.on(() => void guardedTick()),
    options.lineage.changed.on(() => void guardedTick()),
    options.baseModels.changed.on(() => void guardedTick()),
    options.clock.every(STOP_FILE_SECONDS, () =>
      scheduler.guard('stop file', () => commands.handleStopFile()),
    ),
    options.clock.every(TICK_SECONDS, guardedTick),
  ];
  return () => {
    for (const stop of unsubscribe) stop();
  };
}
