/** Questions to models: at most two models in memory, one answer of each at a time. */
import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import {
  type Answer,
  isEnded,
  type PlaygroundModel,
  type Question,
  Refusal,
} from '../../contract/index.ts';
import type { EventOf } from '../../formats/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { createSerializer } from '../../kit/serializer.ts';
import type { Machine } from '../../machine/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { TrainerRoom, WorkerResult } from '../trainer/index.ts';
import { chooseDevice } from './device.ts';
import { LoadedModel } from './loaded-model.ts';
import {
  type AskedModel,
  askedModels,
  findModel,
  type ModelSources,
  weightBytes,
} from './models.ts';

const LOADED_MODELS = 2;
const KEPT_ANSWERS = 200;
const IDLE_SECONDS = 300;
const CHECK_SECONDS = 10;

export interface PlaygroundOptions extends ModelSources {
  readonly config: Pick<ConfigRoom, 'values'>;
  readonly trainer: Pick<TrainerRoom, 'work' | 'view' | 'changed'>;
  readonly machine: Pick<Machine, 'facts' | 'memory' | 'gpus'>;
  readonly threads: number;
  readonly clock: Clock;
}

export interface PlaygroundRoom {
  models(): Promise<readonly PlaygroundModel[]>;
  /** Refusals NOT_FOUND, INVALID, NOT_READY, BUSY. */
  ask(question: Question): Promise<Answer>;
  /** Refusal NOT_FOUND. */
  answer(id: string): Answer;
  stop(id: string): Promise<void>;
  close(): void;
}

interface Open {
  answer: Answer;
  readonly model: LoadedModel;
}

export async function createPlayground(options: PlaygroundOptions): Promise<PlaygroundRoom> {
  await removeLeftRuns(options);
  return new Playground(options);
}

/** Those of a killed engine hold conversations. */
async function removeLeftRuns({ paths }: PlaygroundOptions): Promise<void> {
  const names = await readdir(paths.runs).catch(() => []);
  for (const name of names.filter((name) => name.includes('-chat-')))
    await rm(paths.run(name), { recursive: true, force: true });
}

class Playground implements PlaygroundRoom {
  private readonly options: PlaygroundOptions;
  /** By id, oldest first. */
  private readonly answers = new Map<string, Open>();
  /** By folder, with the time of the last question; the least recently used first. */
  private readonly loaded = new Map<string, { readonly model: LoadedModel; used: number }>();
  private readonly loads = createSerializer();
  private readonly stops: readonly (() => void)[];

  constructor(options: PlaygroundOptions) {
    this.options = options;
    this.stops = [
      options.clock.every(CHECK_SECONDS, () => {
        this.unloadIdle();
      }),
      options.trainer.changed.on(() => {
        if (this.isTraining()) this.leaveGpus();
      }),
    ];
  }

  async models(): Promise<readonly PlaygroundModel[]> {
    const models = await askedModels(this.options);
    return models.map(({ id, kind, label, branch, step }) => ({ id, kind, label, branch, step }));
  }

  ask(question: Question): Promise<Answer> {
    return this.loads.run(async () => {
      const asked = findModel(await askedModels(this.options), question.model);
      const model = await this.load(asked, question.device);
      const id = randomBytes(8).toString('hex');
      const open: Open = { model, answer: newAnswer(id, asked.id, this.stateOf(model), model) };
      this.answers.set(id, open);
      this.forgetOldAnswers();
      const { messages, temperature, seed, max_new_tokens } = question;
      const thinking = this.thinkingOf(asked);
      await model.ask({ id, messages, thinking, temperature, seed, max_new_tokens });
      return open.answer;
    });
  }

  answer(id: string): Answer {
    return this.find(id).answer;
  }

  async stop(id: string): Promise<void> {
    const open = this.find(id);
    if (isEnded(open.answer.state)) return;
    await open.model.stopAnswer(id);
    // One that has not begun ends at once: a model may take long to load.
    if (open.answer.state !== 'writing') open.answer = { ...open.answer, state: 'stopped' };
  }

  close(): void {
    for (const stop of this.stops) stop();
    for (const { model } of this.loaded.values()) model.unload();
  }

  private find(id: string): Open {
    const open = this.answers.get(id);
    if (open === undefined)
      throw new Refusal('NOT_FOUND', `There is no answer ${id}.`, {
        subject: id,
        next: 'Ask again: the engine was restarted, or the answer is old.',
      });
    return open;
  }

  private isTraining(): boolean {
    const { alive, run } = this.options.trainer.view();
    return alive || run !== null;
  }

  private async load(asked: AskedModel, requested: Question['device']): Promise<LoadedModel> {
    const known = this.loaded.get(asked.folder);
    if (known !== undefined && (requested === 'auto' || known.model.device === 'cpu')) {
      this.loaded.delete(asked.folder);
      this.loaded.set(asked.folder, { ...known, used: this.options.clock.monotonic() });
      return known.model;
    }
    known?.model.unload();
    this.loaded.delete(asked.folder);
    this.makeRoom();
    const { machine, threads, trainer, clock } = this.options;
    const placement = chooseDevice({
      model: asked.label,
      requested,
      weightBytes: await weightBytes(asked.folder),
      hasFastBf16: (await machine.facts()).hasFastBf16,
      isTraining: this.isTraining(),
      gpus: machine.gpus(),
      memory: await machine.memory(),
    });
    const model: LoadedModel = new LoadedModel({
      trainer,
      folder: asked.folder,
      placement,
      threads,
      onReady: () => {
        this.setWaiting(model);
      },
      onAnswer: (event) => {
        this.apply(event);
      },
      onEnded: (result) => {
        this.ended(model, result);
      },
    });
    this.loaded.set(asked.folder, { model, used: clock.monotonic() });
    return model;
  }

  private makeRoom(): void {
    if (this.loaded.size < LOADED_MODELS) return;
    const idle = [...this.loaded].find(([, { model }]) => this.openOf(model).length === 0);
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
      if (this.openOf(model).length > 0 || now - used < IDLE_SECONDS) continue;
      this.loaded.delete(folder);
      model.unload();
    }
  }

  /** The trainer needs their memory. Their open answers fail. */
  private leaveGpus(): void {
    for (const { model } of this.loaded.values()) if (model.device !== 'cpu') model.unload();
  }

  private openOf(model: LoadedModel): readonly Open[] {
    return [...this.answers.values()].filter(
      (open) => open.model === model && !isEnded(open.answer.state),
    );
  }

  private stateOf(model: LoadedModel): Answer['state'] {
    return model.isReady ? 'waiting' : 'loading';
  }

  private setWaiting(model: LoadedModel): void {
    for (const open of this.openOf(model)) open.answer = { ...open.answer, state: 'waiting' };
  }

  private apply(event: EventOf<'answer'>): void {
    const open = this.answers.get(event.id);
    if (open === undefined || isEnded(open.answer.state)) return;
    const { answer } = open;
    open.answer = {
      ...answer,
      state: event.state,
      text: answer.text + event.text,
      raw: answer.raw + event.raw,
      tokens: event.tokens,
      seconds: event.seconds,
      prompt: event.prompt ?? answer.prompt,
      prompt_tokens: event.prompt_tokens ?? answer.prompt_tokens,
      message: event.message ?? null,
    };
    const loaded = this.loaded.get(open.model.folder);
    if (loaded !== undefined) loaded.used = this.options.clock.monotonic();
  }

  private ended(model: LoadedModel, result: WorkerResult): void {
    if (this.loaded.get(model.folder)?.model === model) this.loaded.delete(model.folder);
    const message =
      result.ok || result.category === 'canceled'
        ? 'The model was unloaded because training started or the engine ended. Ask again.'
        : `The model can't be asked: ${result.message}`;
    for (const open of this.openOf(model))
      open.answer = { ...open.answer, state: 'failed', message };
  }

  private thinkingOf(asked: AskedModel) {
    const value = asked.config?.['thinking'];
    if (value === 'off' || value === 'keep' || value === 'model') return value;
    const { thinking } = this.options.config.values();
    // `ask` is answered for each dataset; a plain question has no think block.
    return thinking === 'ask' ? 'off' : thinking;
  }

  private forgetOldAnswers(): void {
    for (const [id, { answer }] of this.answers) {
      if (this.answers.size <= KEPT_ANSWERS) return;
      if (isEnded(answer.state)) this.answers.delete(id);
    }
  }
}

const newAnswer = (
  id: string,
  model: string,
  state: Answer['state'],
  { device }: LoadedModel,
): Answer => ({
  id,
  model,
  state,
  device,
  text: '',
  raw: '',
  prompt: null,
  prompt_tokens: null,
  tokens: 0,
  seconds: 0,
  message: null,
});
