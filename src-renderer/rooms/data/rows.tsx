/** All rows of a dataset: found by number or state, shown raw and rendered with the loss mask. */
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
import reportStyles from './report.module.css';
import { RowList, stateWord, type RowQuery } from './row-list.tsx';
import styles from './rows.module.css';
import { HighlightedSpan, reasonWord } from './samples.tsx';
import tokensStyles from './tokens.module.css';

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly query: RowQuery;
}

/** The filters that match at least one row, with their counts. Pure. */
function choicesOf(account: RowAccount, report: DatasetReport | null): readonly Choice[] {
  const choice = (filter: RowFilter, name: string, rows: number): readonly Choice[] =>
    rows === 0 ? [] : [{ value: filter, label: `${name}, ${count(rows)}`, query: { filter } }];
  const trained = Object.entries(account.trained)
    .map(([times, rows]) => ({ times: Number(times), rows }))
    .sort((a, b) => a.times - b.times);
  const reasons = Object.entries(report?.rejected.by_reason ?? {}).filter(
    ([reason]) => report?.decision !== 'map_columns' || reason !== 'unknown_columns',
  );
  return [
    { value: 'all', label: `All rows, ${count(account.rows)}`, query: { filter: 'all' } },
    ...choice(
      'accepted',
      'Accepted for training',
      account.rows - account.held_out - account.rejected,
    ),
    ...trained.map(({ times, rows }): Choice => ({
      value: `trained ${String(times)}`,
      label: `Trained ${times === 1 ? 'once' : `${count(times)} times`}, ${count(rows)}`,
      query: { filter: 'trained', times },
    })),
    ...choice('remaining', 'Queued', account.remaining),
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
          query: { filter: 'rejected', reason },
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
  /** The row to open; null: the first. */
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
    // The index of the requested row comes with the first answer.
    setIsPlaced(true);
    setPlace(Math.min(account.answer.at ?? 0, account.answer.total - 1));
  }
  const choices = account.answer === null ? [] : choicesOf(account.answer.account, report);
  const choice = choices.find((choice) => choice.value === kind) ?? choices[0];
  const query: RowQuery = choice?.query ?? { filter: 'all' };
  const listed = useAnswer(`${id} ${JSON.stringify(query)}|${stamp}`, (engine) =>
    engine.datasets.rows({ id, limit: 0, ...query }),
  );
  const total = listed.answer?.total ?? 0;
  const go = async (): Promise<void> => {
    const at = Number(wanted);
    if (!Number.isInteger(at) || at < 1) return;
    const answer = await command((engine) => engine.datasets.rows({ id, limit: 0, ...query, at }));
    if (answer !== null && answer.total > 0) setPlace(Math.min(answer.at ?? 0, answer.total - 1));
  };
  return (
    <div className={reportStyles.rowsView}>
      <div className={classNames(layoutStyles.row, styles.tools)}>
        <Button size="xs" leftSection={<IconArrowLeft aria-hidden="true" />} onClick={onClose}>
          Report
        </Button>
        <NativeSelect
          size="xs"
          aria-label="Filter rows"
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
            className={styles.jump}
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
      <div className={styles.split}>
        <RowList
          id={id}
          query={query}
          total={total}
          stamp={stamp}
          selected={Math.max(0, Math.min(place, total - 1))}
          onSelect={(next, row) => {
            setPlace(next);
            if (row !== null) setRow(row.row);
          }}
        />
        {row === null || total === 0 ? (
          <p className={classNames(textStyles.secondary, styles.details)}>
            {total === 0 ? 'No rows match this filter.' : ''}
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
    <div className={styles.details} role="region" aria-label={`Row ${String(row)}`} tabIndex={0}>
      {answer === null ? null : <RowContent details={answer} />}
    </div>
  );
}

function RowContent({ details }: { readonly details: RowDetails }): ReactElement {
  const { examples, raw } = details;
  const tokens = examples.reduce((sum, example) => sum + example.tokens, 0);
  const trained = examples.reduce((sum, example) => sum + example.trained_tokens, 0);
  const facts = [
    stateWord(details),
    details.truncated ? 'truncated' : null,
    tokens === 0 ? null : `${plural(tokens, 'token')}, ${count(trained)} with loss`,
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
        <div key={String(index)} className={styles.part}>
          <h4 className={textStyles.caption}>
            Rendered with loss mask
            {examples.length === 1
              ? ''
              : `, example ${count(index + 1)} of ${count(examples.length)}, ${plural(example.tokens, 'token')}`}
          </h4>
          <pre
            className={classNames(tokensStyles.text, textStyles.mono, styles.fullText)}
            tabIndex={0}
            aria-label={`Text of example ${String(index + 1)}`}
          >
            {example.spans.map((span, at) => (
              <HighlightedSpan key={`${String(at)}${span.text}`} {...span} />
            ))}
          </pre>
          {example.cut ? <p className={textStyles.caption}>Only the start is shown.</p> : null}
        </div>
      ))}
      {details.examples.length === 0 && details.state !== 'rejected' ? (
        <p className={textStyles.caption}>No tokens yet: the file is not ready.</p>
      ) : null}
      <div className={styles.part}>
        <h4 className={classNames(textStyles.caption, textStyles.number)}>
          Raw row{raw === null ? '' : `, ${bytes(raw.bytes)}${raw.cut ? ', start only' : ''}`}
        </h4>
        {raw === null ? (
          <p className={textStyles.caption}>
            The raw row was not stored when this file was validated.
          </p>
        ) : (
          <pre
            className={classNames(controlStyles.codeBlock, textStyles.mono)}
            tabIndex={0}
            aria-label="Raw row"
          >
            {raw.text === '' ? '(an empty line)' : raw.text}
          </pre>
        )}
      </div>
    </>
  );
}
