/** The models in memory: at most two, unloaded when idle, and never on a GPU that is trained on. */
import { type Question, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Machine } from '../../machine/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { chooseDevice } from './device.ts';
import { LoadedModel, type LoadedModelOptions } from './loaded-model.ts';
import { type AskedModel, weightBytes } from './models.ts';

const MOST_MODELS = 2;
const IDLE_SECONDS = 300;
const CHECK_SECONDS = 10;

export interface LoadedModelsOptions {
  readonly trainer: Pick<TrainerRoom, 'work' | 'view' | 'changed'>;
  readonly machine: Pick<Machine, 'facts' | 'memory' | 'gpus'>;
  readonly threads: number;
  readonly clock: Clock;
}

interface Listener {
  /** It still has answers to write. */
  readonly isBusy: (model: LoadedModel) => boolean;
  readonly onReady: (model: LoadedModel) => void;
  readonly onAnswer: LoadedModelOptions['onAnswer'];
  readonly onEnded: (
    model: LoadedModel,
    result: Parameters<LoadedModelOptions['onEnded']>[0],
  ) => void;
}

export class LoadedModels {
  private readonly options: LoadedModelsOptions;
  private readonly listener: Listener;
  /** By folder, with the time of the last question; the least recently used first. */
  private readonly loaded = new Map<
    string,
    { readonly model: LoadedModel; readonly used: number }
  >();
  private readonly stops: readonly (() => void)[];

  constructor(options: LoadedModelsOptions, listener: Listener) {
    this.options = options;
    this.listener = listener;
    this.stops = [
      options.clock.every(CHECK_SECONDS, () => {
        this.unloadIdle();
      }),
      options.trainer.changed.on(() => {
        if (this.isTraining()) this.leaveGpus();
      }),
    ];
  }

  /** Refusals BUSY, NOT_READY. */
  async get(asked: AskedModel, requested: Question['device']): Promise<LoadedModel> {
    const known = this.loaded.get(asked.folder)?.model;
    this.loaded.delete(asked.folder);
    const isUsable = known !== undefined && (requested === 'auto' || known.device === 'cpu');
    if (known !== undefined && !isUsable) known.unload();
    const model = isUsable ? known : await this.load(asked, requested);
    this.loaded.set(asked.folder, { model, used: this.options.clock.monotonic() });
    return model;
  }

  close(): void {
    for (const stop of this.stops) stop();
    for (const { model } of this.loaded.values()) model.unload();
  }

  private async load(asked: AskedModel, requested: Question['device']): Promise<LoadedModel> {
    this.makeRoom();
    const { machine, threads, trainer } = this.options;
    const placement = chooseDevice({
      model: asked.label,
      requested,
      weightBytes: await weightBytes(asked.folder),
      hasFastBf16: (await machine.facts()).hasFastBf16,
      isTraining: this.isTraining(),
      gpus: machine.gpus(),
      memory: await machine.memory(),
    });
    const { listener } = this;
    const model: LoadedModel = new LoadedModel({
      ...{ trainer, folder: asked.folder, placement, threads },
      onAnswer: listener.onAnswer,
      onReady: () => {
        listener.onReady(model);
      },
      onEnded: (result) => {
        if (this.loaded.get(model.folder)?.model === model) this.loaded.delete(model.folder);
        listener.onEnded(model, result);
      },
    });
    return model;
  }

  private isTraining(): boolean {
    const { alive, run } = this.options.trainer.view();
    return alive || run !== null;
  }

  private makeRoom(): void {
    if (this.loaded.size < MOST_MODELS) return;
    const idle = [...this.loaded].find(([, { model }]) => !this.listener.isBusy(model));
    if (idle === undefined)
      throw new Refusal('BUSY', 'Two other models are answering.', {
        next: 'Wait for an answer or stop one, then ask again.',
      });
    this.loaded.delete(idle[0]);
    idle[1].model.unload();
  }

  private unloadIdle(): void {
    const now = this.options.clock.monotonic();
    for (const [folder, { model, used }] of this.loaded) {
      if (this.listener.isBusy(model) || now - used < IDLE_SECONDS) continue;
      this.loaded.delete(folder);
      model.unload();
    }
  }

  /** The trainer needs their memory. Their open answers fail. */
  private leaveGpus(): void {
    for (const { model } of this.loaded.values()) if (model.device !== 'cpu') model.unload();
  }
}
