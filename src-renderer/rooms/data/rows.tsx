/** All rows of a dataset: found by number or state, shown raw and rendered with the loss mask. */
import { Button, NativeSelect, NumberInput } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useState, type ReactElement } from 'react';
import type { DatasetReport } from '../../../src-main/contract/index.ts';
import { command, useAnswer } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import reportStyles from './report.module.css';
import { RowPane } from './row-details.tsx';
import { filtersOf } from './row-filters.ts';
import { RowList, type RowQuery } from './row-list.tsx';
import styles from './rows.module.css';

function RowNumberForm({ onGo }: { readonly onGo: (row: number) => void }): ReactElement {
  const [text, setText] = useState<string | number>('');
  return (
    <form
      className={layoutStyles.row}
      onSubmit={(event) => {
        event.preventDefault();
        const row = Number(text);
        if (Number.isInteger(row) && row >= 1) onGo(row);
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
        value={text}
        onChange={setText}
      />
      <Button size="xs" type="submit">
        Go to row
      </Button>
    </form>
  );
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
  const account = useAnswer(`${id}|${stamp}`, (engine) =>
    engine.datasets.rows({ id, limit: 0, ...(start === null ? {} : { at: start }) }),
  );
  const [isPlaced, setIsPlaced] = useState(start === null);
  if (!isPlaced && account.answer !== null) {
    // The index of the requested row comes with the first answer.
    setIsPlaced(true);
    setPlace(Math.min(account.answer.at ?? 0, account.answer.total - 1));
  }
  const choices = account.answer === null ? [] : filtersOf(account.answer.account, report);
  const choice = choices.find((choice) => choice.value === kind) ?? choices[0];
  const query: RowQuery = choice?.query ?? { filter: 'all' };
  const listed = useAnswer(`${id} ${JSON.stringify(query)}|${stamp}`, (engine) =>
    engine.datasets.rows({ id, limit: 0, ...query }),
  );
  const total = listed.answer?.total ?? 0;
  const goTo = async (at: number): Promise<void> => {
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
        <RowNumberForm onGo={(row) => void goTo(row)} />
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
            {listed.answer?.total === 0 ? 'No rows match this filter.' : ''}
          </p>
        ) : (
          <RowPane id={id} row={row} stamp={stamp} />
        )}
      </div>
    </div>
  );
}
