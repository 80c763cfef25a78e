/** One model in a `chat` worker. */
import { rm } from 'node:fs/promises';
import type { AskArguments, EventOf, RunEvent } from '../../formats/index.ts';
import type { LiveWorker, TrainerRoom, WorkerResult } from '../trainer/index.ts';
import type { Placement } from './device.ts';

/** The engine unloads it earlier; this ends a worker whose engine was killed. */
const WORKER_IDLE_SECONDS = 900;

export interface LoadedModelOptions {
  readonly trainer: Pick<TrainerRoom, 'work'>;
  readonly folder: string;
  readonly placement: Placement;
  readonly threads: number;
  readonly onReady: () => void;
  readonly onAnswer: (event: EventOf<'answer'>) => void;
  /** The worker is gone. */
  readonly onEnded: (result: WorkerResult) => void;
}

export class LoadedModel {
  readonly folder: string;
  readonly device: string;
  isReady = false;
  private readonly started: Promise<LiveWorker | null>;
  private readonly unloading = new AbortController();

  constructor(options: LoadedModelOptions) {
    const { folder, placement, threads, trainer } = options;
    this.folder = folder;
    this.device = placement.device;
    const idle_seconds = WORKER_IDLE_SECONDS;
    this.started = new Promise((resolve) => {
      let run: LiveWorker | null = null;
      void trainer
        .work(
          'chat',
          { chat: { model: folder, ...placement, threads, idle_seconds } },
          {
            signal: this.unloading.signal,
            onStarted: (worker) => {
              run = worker;
              resolve(worker);
            },
            onEvent: (event) => {
              this.apply(event, options);
            },
          },
        )
        .then(async (result) => {
          resolve(null);
          // It holds the conversations.
          if (run !== null) await rm(run.folder, { recursive: true, force: true });
          options.onEnded(result);
        });
    });
  }

  /** Ignored by a worker that could not be started: `onEnded` reports that. */
  async ask(question: AskArguments): Promise<void> {
    await (await this.started)?.command('ask', { ...question });
  }

  async stopAnswer(id: string): Promise<void> {
    await (await this.started)?.command('stop-answer', { id });
  }

  unload(): void {
    this.unloading.abort();
  }

  private apply(event: RunEvent, options: LoadedModelOptions): void {
    if (event.type === 'ready') {
      this.isReady = true;
      options.onReady();
    } else if (event.type === 'answer') options.onAnswer(event);
  }
}
