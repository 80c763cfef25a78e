/** What the model answered before and after the newest pass of a dataset. Pure. */
import { count, UNKNOWN } from '../contract/format.ts';
import type { BeforeAndAfter } from '../contract/index.ts';

const LINE_LENGTH = 110;

const oneLine = (text: string | undefined): string => {
  const line = (text ?? UNKNOWN).replace(/\s+/g, ' ').trim();
  if (line === '') return '(empty)';
  return line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH - 3)}...` : line;
};

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
