/**
 * Rows longer than max_length: what dropping them, truncating them or a longer max_length costs.
 */
import { Button, Radio } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type {
  DatasetReport,
  DatasetSummary,
  OverLongAnswer,
  OverLongChoice,
} from '../../../src-main/contract/index.ts';
import { command, useAnswer, useLost, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, duration, memory, plural, UNKNOWN } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Verdict } from '../../kit/verdict.tsx';
import { RaiseDialog } from './raise-dialog.tsx';
import styles from './report.module.css';

const MiB = 1024 * 1024;

/** Files in the queue are re-validated by the setting; a refused file has to be retried. */
async function apply(
  summary: DatasetSummary,
  { key, value }: OverLongChoice,
  stage: boolean,
): Promise<void> {
  const answer = await command((engine) =>
    engine.config.set({
      key,
      value,
      // The dialog has asked for consent to max_length; over_length needs none.
      ...(key === 'max_length' ? { confirm: key } : {}),
      stage,
      by: 'you (window)',
    }),
  );
  if (answer !== null && !stage && summary.place === 'failed')
    await command((engine) => engine.queue.retry({ id: summary.id }));
}

function nameOf({ option, max_length: limit }: OverLongChoice): string {
  if (option === 'drop') return 'Drop them';
  return option === 'truncate'
    ? `Truncate to ${count(limit)}`
    : `Raise max_length to ${count(limit)}`;
}

function Cost({ choice }: { readonly choice: OverLongChoice }): ReactElement {
  const { trained_tokens_lost: tokens, seconds } = choice;
  return (
    <>
      <td className={tableStyles.numberCell}>
        {count(choice.rows_kept)}{' '}
        <span className={textStyles.caption}>{count(choice.rows_lost)} lost</span>
      </td>
      <td className={tableStyles.numberCell}>
        {tokens === null ? UNKNOWN : tokens === 0 ? '0' : `about ${count(tokens)}`}
      </td>
      <td className={tableStyles.numberCell}>{seconds === null ? UNKNOWN : duration(seconds)}</td>
      <td className={tableStyles.numberCell}>
        {memory(choice.memory / MiB)} <Verdict verdict={choice.verdict} />
      </td>
    </>
  );
}

function Choices({
  summary,
  answer,
}: {
  readonly summary: DatasetSummary;
  readonly answer: OverLongAnswer;
}): ReactElement {
  const config = useRoom('config');
  const lost = useLost();
  const [option, setOption] = useState<OverLongChoice['option'] | null>(null);
  const [asking, setAsking] = useState(false);
  const chosen = answer.choices.find((choice) => choice.option === (option ?? answer.now)) ?? null;
  const isStaged = (choice: OverLongChoice): boolean => config.staged[choice.key] === choice.value;
  const isLocked = chosen !== null && chosen.key in config.locks;
  const isOpen = chosen !== null && chosen.option !== answer.now && !isStaged(chosen);
  const applyChoice = (choice: OverLongChoice): void => {
    setAsking(false);
    void apply(summary, choice, isLocked);
  };
  const mark = (choice: OverLongChoice): string =>
    isStaged(choice)
      ? ', staged for the next dataset'
      : choice.option === answer.now
        ? ', current'
        : '';
  return (
    <>
      <table className={tableStyles.choices} aria-label="Rows longer than max_length">
        <thead>
          <tr>
            <th>
              <span className={textStyles.visuallyHidden}>Selected</span>
            </th>
            <th>Option</th>
            <th className={tableStyles.numberCell}>Rows kept</th>
            <th className={tableStyles.numberCell}>Tokens with loss dropped</th>
            <th className={tableStyles.numberCell}>Time</th>
            <th className={tableStyles.numberCell}>Memory</th>
          </tr>
        </thead>
        <tbody>
          {answer.choices.map((choice) => (
            <tr
              key={choice.option}
              className={choice.option === chosen?.option ? tableStyles.chosen : undefined}
              onClick={() => {
                setOption(choice.option);
              }}
            >
              <td>
                <Radio
                  name="over-long"
                  aria-label={nameOf(choice)}
                  checked={choice.option === chosen?.option}
                  onChange={() => {
                    setOption(choice.option);
                  }}
                />
              </td>
              <td>
                <span className={textStyles.strong}>{nameOf(choice)}</span>
                <span className={textStyles.tertiary}>{mark(choice)}</span>
              </td>
              <Cost choice={choice} />
            </tr>
          ))}
        </tbody>
      </table>
      <div className={classNames(layoutStyles.row, styles.actions)}>
        <Button
          disabled={lost || !isOpen}
          onClick={() => {
            if (chosen?.option === 'raise') setAsking(true);
            else if (chosen !== null) applyChoice(chosen);
          }}
        >
          {chosen === null ? 'Choose an option' : nameOf(chosen)}
          {isOpen && isLocked ? ', from the next dataset' : ''}
        </Button>
        <span className={classNames(textStyles.caption, textStyles.wrap)}>
          Applies to all files; queued files will be re-validated.
        </span>
      </div>
      {asking && chosen !== null ? (
        <RaiseDialog
          choice={chosen}
          answer={answer}
          isLocked={isLocked}
          onClose={() => {
            setAsking(false);
          }}
          onConsent={() => {
            applyChoice(chosen);
          }}
        />
      ) : null}
    </>
  );
}

export function OverLong({
  summary,
  report,
}: {
  readonly summary: DatasetSummary;
  readonly report: DatasetReport;
}): ReactElement | null {
  const config = useRoom('config');
  const { max_length: limit, over_length: policy } = config.values;
  const isOpen = ['inbox', 'queue', 'failed'].includes(summary.place) && report.over_length > 0;
  const staged = JSON.stringify(config.staged);
  const { answer } = useAnswer(
    isOpen
      ? `${summary.id}|${String(limit)}|${policy}|${staged}|${summary.verdict}|${report.content_hash}`
      : null,
    (engine) => engine.datasets.overLong({ id: summary.id }),
  );
  const wanted = report.max_length_loses_nothing;
  // The report of a file that was validated with a shorter max_length than the current one is
  // outdated.
  if (report.over_length === 0 || (wanted !== null && wanted <= limit)) return null;
  return (
    <div className={styles.overLong}>
      <h3 className={textStyles.label}>Rows longer than max_length {count(limit)}</h3>
      <p className={classNames(textStyles.caption, textStyles.number, textStyles.wrap)}>
        {plural(report.over_length, 'row')}; truncated, {count(report.over_length_answer_lost)} of
        them would lose the whole response.
        {wanted === null ? '' : ` max_length ${count(wanted)} fits every row.`}
      </p>
      {answer === null || answer.choices.length === 0 ? null : (
        <Choices summary={summary} answer={answer} />
      )}
    </div>
  );
}
