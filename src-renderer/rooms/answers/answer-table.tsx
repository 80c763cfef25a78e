/** The answers of one evaluation, wrong ones first; a click on a question shows its whole texts. */
import { Fragment, useState, type ReactElement } from 'react';
import type { EvaluationTable } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { AnswerResult } from './answer-result.tsx';
import styles from './answers.module.css';
import { matchText, shortText } from './answers-text.ts';

export function AnswerTable({
  evaluation,
}: {
  readonly evaluation: EvaluationTable;
}): ReactElement {
  const [opened, setOpened] = useState<number | null>(null);
  return (
    <>
      <p className={textStyles.secondary} role="status">
        {matchText(evaluation)}
      </p>
      <table className={styles.table} aria-label="Answers">
        <thead>
          <tr>
            <th>Result</th>
            <th>Question</th>
            <th>Expected</th>
            <th>Generated</th>
          </tr>
        </thead>
        <tbody>
          {evaluation.answers.map((answer, index) => (
            <Fragment key={`${String(answer.row)}-${String(index)}`}>
              <tr>
                <td>
                  <AnswerResult answer={answer} />
                </td>
                <td>
                  <button
                    type="button"
                    className={classNames(controlStyles.linkButton, styles.question)}
                    aria-expanded={opened === index}
                    onClick={() => {
                      setOpened(opened === index ? null : index);
                    }}
                  >
                    <span className={styles.short}>{shortText(answer.prompt)}</span>
                  </button>
                </td>
                <td>
                  <span className={styles.short}>{shortText(answer.expected)}</span>
                </td>
                <td>
                  <span className={styles.short}>{shortText(answer.produced)}</span>
                </td>
              </tr>
              {opened === index ? (
                <tr>
                  <td colSpan={4}>
                    <dl className={styles.whole}>
                      <dt className={textStyles.label}>Row</dt>
                      <dd>{count(answer.row)}</dd>
                      <dt className={textStyles.label}>
                        {answer.rendered === undefined ? 'Question' : 'Rendered with chat template'}
                      </dt>
                      <dd className={textStyles.mono}>{answer.rendered ?? answer.prompt}</dd>
                      <dt className={textStyles.label}>Expected</dt>
                      <dd>{answer.expected}</dd>
                      <dt className={textStyles.label}>Generated</dt>
                      <dd>{answer.produced === '' ? '(empty)' : answer.produced}</dd>
                    </dl>
                  </td>
                </tr>
              ) : null}
            </Fragment>
          ))}
        </tbody>
      </table>
    </>
  );
}
