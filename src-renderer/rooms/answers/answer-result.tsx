/** The result of one answer: a glyph and a word. */
import type { ReactElement } from 'react';
import { answerResult, type EvaluationAnswer } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { Glyph, Mark } from '../../kit/marks.tsx';
import textStyles from '../../kit/styles/text.module.css';
import styles from './answers.module.css';

export function AnswerResult({
  answer,
}: {
  readonly answer: Pick<EvaluationAnswer, 'matches' | 'finished'>;
}): ReactElement {
  const result = answerResult(answer);
  const isMatch = result === 'matches';
  return (
    <span
      className={classNames(styles.result, isMatch ? textStyles.success : textStyles.secondary)}
    >
      {isMatch ? <Glyph name="done" /> : <Mark name="failure" />}
      {result}
    </span>
  );
}
