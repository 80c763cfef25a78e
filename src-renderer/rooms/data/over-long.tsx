/** Rows beyond max_length: what leaving them out, cutting them or a longer max_length costs, and the option that is chosen. */
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

const MiB = 1024 * 1024;

/** A file that was refused for its lengths is validated again; others that wait are anyway. */
async function carryOut(
  summary: DatasetSummary,
  { key, value }: OverLongChoice,
  stage: boolean,
): Promise<void> {
  const answer = await command((engine) =>
    engine.config.set({
      key,
      value,
      // The dialog of max_length asked for it; over_length asks for none.
      ...(key === 'max_length' ? { confirm: key } : {}),
      stage,
      by: 'you (window)',
    }),
  );
  if (answer !== null && !stage && summary.place === 'failed')
    await command((engine) => engine.queue.retry({ id: summary.id }));
}

function nameOf({ option, max_length: limit }: OverLongChoice): string {
  if (option === 'drop') return 'Drop these rows';
  return option === 'truncate'
    ? `Cut them at ${count(limit)}`
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
  const [option, setWay] = useState<OverLongChoice['option'] | null>(null);
  const [asking, setAsking] = useState(false);
  const chosen = answer.choices.find((choice) => choice.option === (option ?? answer.now)) ?? null;
  const isStaged = (entry: OverLongChoice): boolean => config.staged[entry.key] === entry.value;
  const isLocked = chosen !== null && chosen.key in config.locks;
  const isOpen = chosen !== null && chosen.option !== answer.now && !isStaged(chosen);
  const act = (entry: OverLongChoice): void => {
    setAsking(false);
    void carryOut(summary, entry, isLocked);
  };
  const mark = (entry: OverLongChoice): string =>
    isStaged(entry)
      ? ', staged for the next dataset'
      : entry.option === answer.now
        ? ', as now'
        : '';
  return (
    <>
      <table className={tableStyles.choices} aria-label="Rows that are too long">
        <thead>
          <tr>
            <th>
              <span className={textStyles.visuallyHidden}>Choice</span>
            </th>
            <th>If you</th>
            <th className={tableStyles.numberCell}>Rows kept</th>
            <th className={tableStyles.numberCell}>Trained tokens lost</th>
            <th className={tableStyles.numberCell}>Time</th>
            <th className={tableStyles.numberCell}>Memory</th>
          </tr>
        </thead>
        <tbody>
          {answer.choices.map((entry) => (
            <tr
              key={entry.option}
              className={entry.option === chosen?.option ? tableStyles.chosen : undefined}
              onClick={() => {
                setWay(entry.option);
              }}
            >
              <td>
                <Radio
                  name="over-long"
                  aria-label={nameOf(entry)}
                  checked={entry.option === chosen?.option}
                  onChange={() => {
                    setWay(entry.option);
                  }}
                />
              </td>
              <td>
                <span className={textStyles.strong}>{nameOf(entry)}</span>
                <span className={textStyles.tertiary}>{mark(entry)}</span>
              </td>
              <Cost choice={entry} />
            </tr>
          ))}
        </tbody>
      </table>
      <div className={classNames(layoutStyles.row, 'cact')}>
        <Button
          disabled={lost || !isOpen}
          onClick={() => {
            if (chosen?.option === 'raise') setAsking(true);
            else if (chosen !== null) act(chosen);
          }}
        >
          {chosen === null ? 'Choose one of these' : nameOf(chosen)}
          {isOpen && isLocked ? ', from the next dataset' : ''}
        </Button>
        <span className={classNames(textStyles.caption, textStyles.wrap)}>
          It holds for every file: those that wait are validated again.
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
            act(chosen);
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
  // A file that was validated under a shorter length than the one that is set says nothing any more.
  if (report.over_length === 0 || (wanted !== null && wanted <= limit)) return null;
  return (
    <div className="overlong">
      <h3 className={textStyles.label}>Rows longer than max_length {count(limit)}</h3>
      <p className={classNames(textStyles.caption, textStyles.number, textStyles.wrap)}>
        {plural(report.over_length, 'row')}; {count(report.over_length_answer_lost)} of them would
        lose the whole answer when cut there.
        {wanted === null ? '' : ` max_length ${count(wanted)} loses nothing.`}
      </p>
      {answer === null || answer.choices.length === 0 ? null : (
        <Choices summary={summary} answer={answer} />
      )}
    </div>
  );
}
