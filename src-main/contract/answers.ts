/** The answers that evaluations of a dataset generated: as tables, and what the model said before and after. */
import { z } from 'zod';

export const evaluationAnswer = z.object({
  row: z.number().int(),
  prompt: z.string(),
  /** The question as the model read it; missing in evaluations older than this field. */
  rendered: z.string().optional(),
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

/** An evaluation that generated answers: k of n match. */
export const evaluationSummary = evaluationAnswers.omit({ answers: true }).extend({
  dataset: z.object({ id: z.string(), name: z.string() }),
  k: z.number().int(),
  n: z.number().int(),
  unfinished: z.number().int(),
});
export type EvaluationSummary = z.infer<typeof evaluationSummary>;

/** With its answers: wrong ones first, then unfinished ones, then those that match. */
export const evaluationTable = evaluationSummary.extend({ answers: z.array(evaluationAnswer) });
export type EvaluationTable = z.infer<typeof evaluationTable>;

/** The answers of the evaluation at the step of a version. */
export const versionAnswers = z.object({
  version: z.string(),
  evaluation: evaluationTable.nullable(),
  /** Why there are none; null where there are. */
  missing: z.string().nullable(),
});
export type VersionAnswers = z.infer<typeof versionAnswers>;

export type AnswerResult = 'wrong' | 'unfinished' | 'matches';

/** An answer that a limit cut off is never a wrong one. */
export const answerResult = (
  answer: Pick<EvaluationAnswer, 'matches' | 'finished'>,
): AnswerResult => (answer.matches ? 'matches' : answer.finished ? 'wrong' : 'unfinished');

const RESULTS: readonly AnswerResult[] = ['wrong', 'unfinished', 'matches'];

export const summaryOf = (
  { answers, ...evaluation }: EvaluationAnswers,
  dataset: EvaluationSummary['dataset'],
): EvaluationSummary => ({
  ...evaluation,
  dataset,
  k: answers.filter((answer) => answer.matches).length,
  n: answers.length,
  unfinished: answers.filter((answer) => !answer.finished).length,
});

export const tableOf = (
  evaluation: EvaluationAnswers,
  dataset: EvaluationSummary['dataset'],
): EvaluationTable => ({
  ...summaryOf(evaluation, dataset),
  answers: [...evaluation.answers].sort(
    (a, b) => RESULTS.indexOf(answerResult(a)) - RESULTS.indexOf(answerResult(b)),
  ),
});

/** A question that two evaluations asked; null where only the other one did. */
export interface ComparedAnswer {
  readonly prompt: string;
  readonly expected: string;
  readonly a: EvaluationAnswer | null;
  readonly b: EvaluationAnswer | null;
}

/** Questions with different results first, then those that neither answers, then those that both do. */
export function comparedAnswers(
  a: Pick<EvaluationTable, 'answers'>,
  b: Pick<EvaluationTable, 'answers'>,
): readonly ComparedAnswer[] {
  // Not by row: the two evaluations may be of different datasets.
  const keyOf = ({ prompt, expected }: EvaluationAnswer): string =>
    JSON.stringify([prompt, expected]);
  const [left, right] = [a, b].map(
    ({ answers }) => new Map(answers.map((answer) => [keyOf(answer), answer])),
  );
  const all = new Map([...(left ?? []), ...(right ?? [])]);
  const order = (pair: ComparedAnswer): number =>
    pair.a?.matches !== pair.b?.matches ? 0 : pair.a?.matches === true ? 2 : 1;
  return [...all]
    .map(([key, { prompt, expected }]) => ({
      prompt,
      expected,
      a: left?.get(key) ?? null,
      b: right?.get(key) ?? null,
    }))
    .sort((x, y) => order(x) - order(y));
}

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
