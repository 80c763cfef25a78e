/** Answers of evaluations as text: tables, two side by side, and before and after a pass. Pure. */
import { count, UNKNOWN } from '../contract/format.ts';
import {
  answerResult,
  type BeforeAndAfter,
  comparedAnswers,
  type EvaluationAnswer,
  type EvaluationSummary,
  type EvaluationTable,
} from '../contract/index.ts';
import { dateTime, table } from './format.ts';

const LINE_LENGTH = 110;
const CELL_LENGTH = 44;

const oneLine = (text: string | undefined, length = LINE_LENGTH): string => {
  const line = (text ?? UNKNOWN).replace(/\s+/g, ' ').trim();
  if (line === '') return '(empty)';
  return line.length > length ? `${line.slice(0, length - 3)}...` : line;
};

const cell = (text: string): string => oneLine(text, CELL_LENGTH);

/** `24 of 28 match, 2 unfinished`. */
const matchText = ({ k, n, unfinished }: Pick<EvaluationSummary, 'k' | 'n' | 'unfinished'>) =>
  `${count(k)} of ${count(n)} match${unfinished === 0 ? '' : `, ${count(unfinished)} unfinished`}`;

/** Wrong answers first. */
export const evaluationText = (evaluation: EvaluationTable): string =>
  `${evaluation.dataset.name}, step ${count(evaluation.step)} of ${evaluation.branch}: ${matchText(evaluation)}\n\n` +
  table(
    ['result', 'row', 'question', 'expected', 'generated'],
    evaluation.answers.map((answer) => [
      answerResult(answer),
      count(answer.row),
      cell(answer.prompt),
      cell(answer.expected),
      cell(answer.produced),
    ]),
  );

/** Questions with different results first. `names`: of the two evaluations. */
export function comparedText(
  names: readonly [string, string],
  a: EvaluationTable,
  b: EvaluationTable,
): string {
  const answer = (given: EvaluationAnswer | null): string =>
    given === null ? 'not asked' : `${answerResult(given)}: ${cell(given.produced)}`;
  return (
    `${names[0]}: ${matchText(a)}\n${names[1]}: ${matchText(b)}\n\n` +
    table(
      ['question', 'expected', ...names],
      comparedAnswers(a, b).map((pair) => [
        cell(pair.prompt),
        cell(pair.expected),
        answer(pair.a),
        answer(pair.b),
      ]),
    )
  );
}

export const evaluationsText = (evaluations: readonly EvaluationSummary[]): string =>
  evaluations.length === 0
    ? 'No evaluation of this dataset has generated answers yet.'
    : table(
        ['step', 'branch', 'when', 'exact match', 'time'],
        evaluations.map((evaluation) => [
          count(evaluation.step),
          evaluation.branch,
          evaluation.when,
          matchText(evaluation),
          dateTime(evaluation.t),
        ]),
      );

const scoreText = (name: string, score: BeforeAndAfter['before']): string => {
  if (score === null) return `${name}: no answers were generated`;
  const unfinished = score.unfinished === 0 ? '' : `, ${count(score.unfinished)} unfinished`;
  return `${name}: ${count(score.k)} of ${count(score.n)} match${unfinished} (step ${count(score.step)})`;
};

export function answersText({ before, after, answers }: BeforeAndAfter): string {
  const lines = [scoreText('before', before), scoreText('after', after)];
  for (const answer of answers)
    lines.push(
      '',
      `row ${count(answer.row)}: ${oneLine(answer.prompt)}`,
      `  expected  ${oneLine(answer.expected)}`,
      `  before    ${oneLine(answer.before?.produced)}`,
      `  after     ${oneLine(answer.after?.produced)}`,
    );
  return `${lines.join('\n')}\n`;
}
