/** The answers of the playground, in memory: the newest ones, and those that are being written. */
import { randomBytes } from 'node:crypto';
import { type Answer, isEnded, Refusal } from '../../contract/index.ts';
import type { EventOf } from '../../formats/index.ts';
import type { LoadedModel } from './loaded-model.ts';

const KEPT_ANSWERS = 200;

export interface OpenAnswer {
  answer: Answer;
  readonly model: LoadedModel;
}

export class Answers {
  /** By id, oldest first. */
  private readonly all = new Map<string, OpenAnswer>();

  /** An answer that `model` is going to write. */
  open(model: LoadedModel, name: string): OpenAnswer {
    const id = randomBytes(8).toString('hex');
    const open: OpenAnswer = {
      model,
      answer: {
        ...{ id, model: name, state: model.isReady ? 'waiting' : 'loading', device: model.device },
        ...{ text: '', raw: '', prompt: null, prompt_tokens: null },
        ...{ tokens: 0, seconds: 0, message: null },
      },
    };
    this.all.set(id, open);
    this.forgetOld();
    return open;
  }

  /** Refusal NOT_FOUND. */
  find(id: string): OpenAnswer {
    const open = this.all.get(id);
    if (open === undefined)
      throw new Refusal('NOT_FOUND', `There is no answer ${id}.`, {
        subject: id,
        next: 'Ask again: the engine was restarted, or the answer is old.',
      });
    return open;
  }

  /** Those that a model has not ended yet, oldest first. */
  openOf(model: LoadedModel): readonly OpenAnswer[] {
    return [...this.all.values()].filter(
      (open) => open.model === model && !isEnded(open.answer.state),
    );
  }

  /** The model is loaded. */
  setWaiting(model: LoadedModel): void {
    for (const open of this.openOf(model)) open.answer = { ...open.answer, state: 'waiting' };
  }

  fail(model: LoadedModel, message: string): void {
    for (const open of this.openOf(model))
      open.answer = { ...open.answer, state: 'failed', message };
  }

  /** What a model wrote to an answer that has already ended is ignored. */
  apply(event: EventOf<'answer'>): void {
    const open = this.all.get(event.id);
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
  }

  private forgetOld(): void {
    for (const [id, { answer }] of this.all) {
      if (this.all.size <= KEPT_ANSWERS) return;
      if (isEnded(answer.state)) this.all.delete(id);
    }
  }
}
