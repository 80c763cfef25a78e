/** What two versions answered, side by side; questions with different results first. */
import type { ReactElement } from 'react';
import { comparedAnswers, type EvaluationAnswer } from '../../../src-main/contract/index.ts';
import { useAnswer } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import textStyles from '../../kit/styles/text.module.css';
import { AnswerResult } from './answer-result.tsx';
import styles from './answers.module.css';
import { matchText, shortText } from './answers-text.ts';

export function ComparedAnswers({
  a,
  b,
}: {
  readonly a: string;
  readonly b: string;
}): ReactElement | null {
  const { answer } = useAnswer(`${a} ${b}`, (engine) =>
    Promise.all([engine.versions.answers({ name: a }), engine.versions.answers({ name: b })]),
  );
  if (answer === null) return null;
  const [left, right] = answer;
  if (left.evaluation === null || right.evaluation === null)
    return (
      <p className={textStyles.secondary}>
        {answer
          .filter(({ evaluation }) => evaluation === null)
          .map(({ version, missing }) => `${version}: ${missing ?? ''}`)
          .join(' ')}
      </p>
    );
  return (
    <table className={classNames(styles.table, styles.compared)} aria-label="Answers side by side">
      <thead>
        <tr>
          <th>Question</th>
          <th>Expected</th>
          <th>
            {a}: {matchText(left.evaluation)}
          </th>
          <th>
            {b}: {matchText(right.evaluation)}
          </th>
        </tr>
      </thead>
      <tbody>
        {comparedAnswers(left.evaluation, right.evaluation).map((pair, index) => (
          <tr key={index}>
            <td title={pair.prompt}>
              <span className={styles.short}>{shortText(pair.prompt)}</span>
            </td>
            <td title={pair.expected}>
              <span className={styles.short}>{shortText(pair.expected)}</span>
            </td>
            <Answered answer={pair.a} />
            <Answered answer={pair.b} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Answered({ answer }: { readonly answer: EvaluationAnswer | null }): ReactElement {
  if (answer === null) return <td className={textStyles.secondary}>not asked</td>;
  return (
    <td title={answer.produced}>
      <AnswerResult answer={answer} />
      <span className={styles.short}>{shortText(answer.produced)}</span>
    </td>
  );
}
