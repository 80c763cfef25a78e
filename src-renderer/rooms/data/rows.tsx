/** Every physical row of a dataset: found by number or by what became of it, shown as it stands in the file and as it is trained. */
import { Button, NativeSelect, NumberInput } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useState, type ReactElement } from 'react';
import type {
  DatasetReport,
  RowAccount,
  RowDetails,
  RowFilter,
} from '../../../src-main/contract/index.ts';
import { command, useAnswer } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { bytes, count, plural } from '../../kit/format.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Tinted, reasonWord } from './reading.tsx';
import { RowList, stateWord, type Asked } from './row-list.tsx';

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly asked: Asked;
}

/** The kinds of rows that this dataset has, with their numbers. Pure. */
function choicesOf(account: RowAccount, report: DatasetReport | null): readonly Choice[] {
  const choice = (filter: RowFilter, name: string, rows: number): readonly Choice[] =>
    rows === 0 ? [] : [{ value: filter, label: `${name}, ${count(rows)}`, asked: { filter } }];
  const trained = Object.entries(account.trained)
    .map(([times, rows]) => ({ times: Number(times), rows }))
    .sort((a, b) => a.times - b.times);
  const reasons = Object.entries(report?.rejected.by_reason ?? {}).filter(
    ([reason]) => report?.decision !== 'map_columns' || reason !== 'unknown_columns',
  );
  return [
    { value: 'all', label: `All rows, ${count(account.rows)}`, asked: { filter: 'all' } },
    ...choice(
      'accepted',
      'Accepted for training',
      account.rows - account.held_out - account.rejected,
    ),
    ...trained.map(({ times, rows }): Choice => ({
      value: `trained ${String(times)}`,
      label: `Trained ${times === 1 ? 'once' : `${count(times)} times`}, ${count(rows)}`,
      asked: { filter: 'trained', times },
    })),
    ...choice('remaining', 'Remaining', account.remaining),
    ...choice('held_out', 'Held out', account.held_out),
    ...choice('truncated', 'Truncated', account.truncated),
    ...choice('quarantined', 'Quarantined', account.quarantined),
    ...choice('skipped', 'Skipped', account.skipped),
    ...choice('rejected', 'Rejected', account.rejected),
    ...(account.rejected === 0
      ? []
      : reasons.map(([reason, rows]): Choice => ({
          value: `rejected ${reason}`,
          label: `Rejected: ${reasonWord(reason).toLowerCase()}, ${count(rows)}`,
          asked: { filter: 'rejected', reason },
        }))),
  ];
}

export function Rows({
  id,
  report,
  stamp,
  start,
  onClose,
}: {
  readonly id: string;
  readonly report: DatasetReport | null;
  readonly stamp: string;
  /** The physical row to begin with; null: the first. */
  readonly start: number | null;
  readonly onClose: () => void;
}): ReactElement {
  const [kind, setKind] = useState('all');
  const [place, setPlace] = useState(0);
  const [row, setRow] = useState<number | null>(start);
  const [wanted, setWanted] = useState<string | number>('');
  const account = useAnswer(`${id}|${stamp}`, (engine) =>
    engine.datasets.rows({ id, limit: 0, ...(start === null ? {} : { at: start }) }),
  );
  const [isPlaced, setIsPlaced] = useState(start === null);
  if (!isPlaced && account.answer !== null) {
    // The row that was asked for stands somewhere in the list: its place comes with the first answer.
    setIsPlaced(true);
    setPlace(Math.min(account.answer.at ?? 0, account.answer.total - 1));
  }
  const choices = account.answer === null ? [] : choicesOf(account.answer.account, report);
  const choice = choices.find((choice) => choice.value === kind) ?? choices[0];
  const asked: Asked = choice?.asked ?? { filter: 'all' };
  const listed = useAnswer(`${id} ${JSON.stringify(asked)}|${stamp}`, (engine) =>
    engine.datasets.rows({ id, limit: 0, ...asked }),
  );
  const total = listed.answer?.total ?? 0;
  const go = async (): Promise<void> => {
    const at = Number(wanted);
    if (!Number.isInteger(at) || at < 1) return;
    const answer = await command((engine) => engine.datasets.rows({ id, limit: 0, ...asked, at }));
    if (answer !== null && answer.total > 0) setPlace(Math.min(answer.at ?? 0, answer.total - 1));
  };
  return (
    <div className="rowsview">
      <div className={classNames(layoutStyles.row, 'rtools')}>
        <Button size="xs" leftSection={<IconArrowLeft aria-hidden="true" />} onClick={onClose}>
          Report
        </Button>
        <NativeSelect
          size="xs"
          aria-label="Which rows"
          value={choice?.value ?? 'all'}
          data={choices.map(({ value, label }) => ({ value, label }))}
          onChange={(event) => {
            setKind(event.currentTarget.value);
            setPlace(0);
            setRow(null);
          }}
        />
        <form
          className={layoutStyles.row}
          onSubmit={(event) => {
            event.preventDefault();
            void go();
          }}
        >
          <NumberInput
            size="xs"
            className="rjump"
            aria-label="Row number"
            placeholder="Row"
            min={1}
            hideControls
            allowDecimal={false}
            value={wanted}
            onChange={setWanted}
          />
          <Button size="xs" type="submit">
            Go to row
          </Button>
        </form>
      </div>
      <div className="rsplit">
        <RowList
          id={id}
          asked={asked}
          total={total}
          stamp={stamp}
          selected={Math.max(0, Math.min(place, total - 1))}
          onSelect={(next, row) => {
            setPlace(next);
            if (row !== null) setRow(row.row);
          }}
        />
        {row === null || total === 0 ? (
          <p className={classNames(textStyles.secondary, 'rone')}>
            {total === 0 ? 'No row is of this kind.' : ''}
          </p>
        ) : (
          <RowPane id={id} row={row} stamp={stamp} />
        )}
      </div>
    </div>
  );
}

function RowPane({
  id,
  row,
  stamp,
}: {
  readonly id: string;
  readonly row: number;
  readonly stamp: string;
}): ReactElement {
  const { answer } = useAnswer(`${id}|${String(row)}|${stamp}`, (engine) =>
    engine.datasets.row({ id, row }),
  );
  return (
    <div className="rone" role="region" aria-label={`Row ${String(row)}`} tabIndex={0}>
      {answer === null ? null : <OneRow details={answer} />}
    </div>
  );
}

function OneRow({ details }: { readonly details: RowDetails }): ReactElement {
  const { examples, raw } = details;
  const tokens = examples.reduce((sum, example) => sum + example.tokens, 0);
  const trained = examples.reduce((sum, example) => sum + example.trained_tokens, 0);
  const facts = [
    stateWord(details),
    details.truncated ? 'truncated' : null,
    tokens === 0 ? null : `${plural(tokens, 'token')}, ${count(trained)} of them targets`,
    examples.length > 1 ? `${count(examples.length)} examples` : null,
  ].filter((part) => part !== null);
  return (
    <>
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h3 className={classNames(textStyles.label, textStyles.number)}>
          Row {count(details.row)}
        </h3>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {facts.join(', ')}
        </span>
      </div>
      {details.message === null ? null : (
        <p className={textStyles.caption}>
          <b className={textStyles.failure}>{reasonWord(details.reason ?? '')}:</b>{' '}
          {details.message}
        </p>
      )}
      {examples.map((example, index) => (
        <div key={String(index)} className="rpart">
          <h4 className={textStyles.caption}>
            As it is trained
            {examples.length === 1
              ? ''
              : `, example ${count(index + 1)} of ${count(examples.length)}, ${plural(example.tokens, 'token')}`}
          </h4>
          <pre
            className={classNames('tok', textStyles.mono)}
            tabIndex={0}
            aria-label={`Text of example ${String(index + 1)}`}
          >
            {example.spans.map((piece, at) => (
              <Tinted key={`${String(at)}${piece.text}`} {...piece} />
            ))}
          </pre>
          {example.cut ? <p className={textStyles.caption}>Only the beginning is shown.</p> : null}
        </div>
      ))}
      {details.examples.length === 0 && details.state !== 'rejected' ? (
        <p className={textStyles.caption}>It has no tokens yet: the file is not ready.</p>
      ) : null}
      <div className="rpart">
        <h4 className={classNames(textStyles.caption, textStyles.number)}>
          In the file{raw === null ? '' : `, ${bytes(raw.bytes)}${raw.cut ? ', beginning' : ''}`}
        </h4>
        {raw === null ? (
          <p className={textStyles.caption}>
            The record was not kept when this file was validated.
          </p>
        ) : (
          <pre
            className={classNames(controlStyles.codeBlock, textStyles.mono)}
            tabIndex={0}
            aria-label="Record in the file"
          >
            {raw.text === '' ? '(an empty line)' : raw.text}
          </pre>
        )}
      </div>
    </>
  );
}
