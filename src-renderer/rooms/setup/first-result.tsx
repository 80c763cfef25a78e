/**
 * The end of a first run: what the model answered before and after its first dataset. Shown until it
 * is closed, or until there is a second version.
 */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import type { AnswerPair, BeforeAndAfter } from '../../../src-main/contract/index.ts';
import { useAnswer, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, UNKNOWN } from '../../kit/format.ts';
import { isBoolean, usePersistedState } from '../../kit/persisted-state.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { AskBox } from '../playground/index.ts';
import styles from './first-result.module.css';

const ANSWERS_SHOWN = 5;

/** `0 of 16 answers match before (2 unfinished)`. */
function scoreText(score: NonNullable<BeforeAndAfter['before']>, when: string): string {
  const unfinished = score.unfinished === 0 ? '' : ` (${count(score.unfinished)} unfinished)`;
  return `${count(score.k)} of ${count(score.n)} ${when}${unfinished}`;
}

const short = (text: string | undefined): string =>
  text === undefined ? UNKNOWN : text.trim() === '' ? '(empty)' : text.trim().replace(/\s+/g, ' ');

function Pair({ pair }: { readonly pair: AnswerPair }): ReactElement {
  return (
    <tr>
      <td title={pair.prompt}>{short(pair.prompt)}</td>
      <td className={textStyles.secondary} title={pair.before?.produced}>
        {short(pair.before?.produced)}
      </td>
      <td
        className={pair.after?.matches === true ? textStyles.success : undefined}
        title={pair.after?.produced}
      >
        {short(pair.after?.produced)}
      </td>
      <td className={textStyles.secondary} title={pair.expected}>
        {short(pair.expected)}
      </td>
    </tr>
  );
}

export function FirstResult(): ReactElement | null {
  const datasets = useRoom('datasets');
  const versions = useRoom('versions');
  const [closed, setClosed] = usePersistedState('first-result-closed', false, isBoolean);
  const done = datasets.filter((dataset) => dataset.place === 'completed');
  const [dataset] = done;
  const [version] = versions;
  const isFirst = done.length === 1 && versions.length === 1 && !closed;
  const { answer } = useAnswer(
    isFirst && dataset !== undefined ? `${dataset.id}|first-result` : null,
    (engine) => engine.datasets.answers({ id: dataset?.id ?? '' }),
  );
  if (!isFirst || dataset === undefined || version === undefined || answer === null) return null;
  const { before, after, answers } = answer;
  if (before === null || after === null) return null;
  return (
    <section className={styles.result} aria-label="First result">
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h2 className={textStyles.title}>
          {dataset.name}: {scoreText(before, 'answers match before')}, {scoreText(after, 'after')}
        </h2>
        <Button
          size="xs"
          onClick={() => {
            setClosed(true);
          }}
        >
          Close
        </Button>
      </div>
      <p className={textStyles.secondary}>
        Saved as {version.name}. These questions were held out: the model was not trained on them.
      </p>
      <table className={styles.answers}>
        <thead>
          <tr>
            <th>Question</th>
            <th>Before</th>
            <th>After</th>
            <th>Expected</th>
          </tr>
        </thead>
        <tbody>
          {answers.slice(0, ANSWERS_SHOWN).map((pair) => (
            <Pair key={pair.row} pair={pair} />
          ))}
        </tbody>
      </table>
      <AskBox
        model={version.name}
        placeholder={`Ask ${version.name} something, such as: ${short(answers[0]?.prompt)}`}
      />
    </section>
  );
}
