/** The answers that evaluations of a dataset generated: what the model said before and after. */
import { z } from 'zod';

export const evaluationAnswer = z.object({
  row: z.number().int(),
  prompt: z.string(),
  expected: z.string(),
  produced: z.string(),
  matches: z.boolean(),
  /** False: a limit cut it off. */
  finished: z.boolean(),
});
export type EvaluationAnswer = z.infer<typeof evaluationAnswer>;

export const evaluationAnswers = z.object({
  /** Unix seconds. */
  t: z.number(),
  branch: z.string(),
  pass: z.string(),
  step: z.number().int(),
  when: z.enum(['start', 'interval', 'end', 'command']),
  answers: z.array(evaluationAnswer),
});
export type EvaluationAnswers = z.infer<typeof evaluationAnswers>;

/** One question that was asked before and after a pass. */
export const answerPair = z.object({
  row: z.number().int(),
  prompt: z.string(),
  expected: z.string(),
  before: evaluationAnswer.nullable(),
  after: evaluationAnswer.nullable(),
});
export type AnswerPair = z.infer<typeof answerPair>;

const score = z.object({
  step: z.number().int(),
  k: z.number().int(),
  n: z.number().int(),
  unfinished: z.number().int(),
});

/** The first and the last evaluation of the newest pass; null where it generated no answers. */
export const beforeAndAfter = z.object({
  before: score.nullable(),
  after: score.nullable(),
  answers: z.array(answerPair),
});
export type BeforeAndAfter = z.infer<typeof beforeAndAfter>;

const scoreOf = (evaluation: EvaluationAnswers | undefined): BeforeAndAfter['before'] =>
  evaluation === undefined
    ? null
    : {
        step: evaluation.step,
        k: evaluation.answers.filter((answer) => answer.matches).length,
        n: evaluation.answers.length,
        unfinished: evaluation.answers.filter((answer) => !answer.finished).length,
      };

/** `evaluations`: of one dataset, oldest first. Pure. */
export function decideBeforeAndAfter(evaluations: readonly EvaluationAnswers[]): BeforeAndAfter {
  const pass = evaluations.at(-1)?.pass;
  const own = evaluations.filter((evaluation) => evaluation.pass === pass);
  const before = own.find((evaluation) => evaluation.when === 'start');
  const after = own.findLast((evaluation) => evaluation.when !== 'start');
  const find = (evaluation: EvaluationAnswers | undefined, row: number) =>
    evaluation?.answers.find((answer) => answer.row === row) ?? null;
  const asked = (after ?? before)?.answers ?? [];
  return {
    before: scoreOf(before),
    after: scoreOf(after),
    answers: asked.map(({ row, prompt, expected }) => ({
      row,
      prompt,
      expected,
      before: find(before, row),
      after: find(after, row),
    })),
  };
}
