/** Procedures of the playground. */
import { z } from 'zod';
import { answer, playgroundModel, question } from '../playground.ts';
import { call, done } from './common.ts';

const answerId = z.object({ id: z.string().min(1).max(100) });

export const playgroundProcedures = {
  /** The current model, versions newest first, base models. */
  models: call
    .route({ method: 'GET', path: '/playground/models' })
    .output(z.array(playgroundModel)),
  /**
   * Returns at once; `answer` reports how far it is. NOT_FOUND without such a model, NOT_READY without the memory for it, BUSY
   * while two other models are answering.
   */
  ask: call.route({ method: 'POST', path: '/playground/answers' }).input(question).output(answer),
  answer: call
    .route({ method: 'GET', path: '/playground/answers/{id}' })
    .input(answerId)
    .output(answer),
  /** Ends an answer; what was written stays. */
  stop: call
    .route({ method: 'POST', path: '/playground/answers/{id}/stop' })
    .input(answerId)
    .output(done),
};
