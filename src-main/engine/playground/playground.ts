/** Takes questions, has a model answer them, and reports the answers. */
import { readdir } from 'node:fs/promises';
import { type Answer, isEnded, type PlaygroundModel, type Question } from '../../contract/index.ts';
import { createSerializer } from '../../kit/serializer.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { WorkerResult } from '../trainer/index.ts';
import { Answers } from './answers.ts';
import { LoadedModels, type LoadedModelsOptions } from './loaded-models.ts';
import { type AskedModel, askedModels, findModel, type ModelSources } from './models.ts';
import { removeInside } from '../../kit/confined.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

export interface PlaygroundOptions extends ModelSources, LoadedModelsOptions {
  readonly config: Pick<ConfigRoom, 'values'>;
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

export async function createPlayground(options: PlaygroundOptions): Promise<PlaygroundRoom> {
  await removeLeftRuns(options);
  return new Playground(options);
}

/** Those of a killed engine hold conversations. */
async function removeLeftRuns({ paths }: PlaygroundOptions): Promise<void> {
  const names = await readdir(paths.runs).catch(unlessTemporary([]));
  for (const name of names.filter((name) => name.includes('-chat-')))
    await removeInside(paths.runs, paths.run(name));
}

class Playground implements PlaygroundRoom {
  private readonly options: PlaygroundOptions;
  private readonly answers = new Answers();
  private readonly loaded: LoadedModels;
  private readonly questions = createSerializer();

  constructor(options: PlaygroundOptions) {
    this.options = options;
    const { answers } = this;
    this.loaded = new LoadedModels(options, {
      isBusy: (model) => answers.openOf(model).length > 0,
      onReady: (model) => {
        answers.setWaiting(model);
      },
      onAnswer: (event) => {
        answers.apply(event);
      },
      onEnded: (model, result) => {
        answers.fail(model, endText(result));
      },
    });
  }

  async models(): Promise<readonly PlaygroundModel[]> {
    const models = await askedModels(this.options);
    return models.map(({ id, kind, label, branch, step }) => ({ id, kind, label, branch, step }));
  }

  ask(question: Question): Promise<Answer> {
    return this.questions.run(async () => {
      const asked = findModel(await askedModels(this.options), question.model);
      const model = await this.loaded.get(asked, question.device);
      const open = this.answers.open(model, asked.id);
      const { messages, temperature, seed, max_new_tokens } = question;
      const thinking = this.thinkingOf(asked);
      const { id } = open.answer;
      await model.ask({ id, messages, thinking, temperature, seed, max_new_tokens });
      return open.answer;
    });
  }

  answer(id: string): Answer {
    return this.answers.find(id).answer;
  }

  async stop(id: string): Promise<void> {
    const open = this.answers.find(id);
    if (isEnded(open.answer.state)) return;
    await open.model.stopAnswer(id);
    const { state } = open.answer;
    // One that has not begun ends at once: a model may take long to load.
    if (state === 'loading' || state === 'waiting')
      open.answer = { ...open.answer, state: 'stopped' };
  }

  close(): void {
    this.loaded.close();
  }

  private thinkingOf(asked: AskedModel) {
    const value = asked.config?.['thinking'];
    if (value === 'off' || value === 'keep' || value === 'model') return value;
    const { thinking } = this.options.config.values();
    // `ask` is answered for each dataset; a plain question has no think block.
    return thinking === 'ask' ? 'off' : thinking;
  }
}

/** Why the answers of a model that is gone have no end. Pure. */
const endText = (result: WorkerResult): string =>
  result.ok || result.category === 'canceled'
    ? 'The model was unloaded because training started or the engine ended. Ask again.'
    : `The model can't be asked: ${result.message}`;
