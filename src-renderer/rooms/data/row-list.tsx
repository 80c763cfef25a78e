/** A list of any number of rows; only the visible ones are fetched and rendered. */
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import type { RowFilter } from '../../../src-main/contract/index.ts';
import { useAnswer } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import textStyles from '../../kit/styles/text.module.css';
import { inView, LINE_HEIGHT, scrolledTo } from './in-view.ts';
import styles from './rows.module.css';

export interface ListedRow {
  readonly row: number;
  readonly state: string;
  readonly times: number;
  readonly reason: string | null;
}

export interface RowQuery {
  readonly filter: RowFilter;
  readonly reason?: string;
  readonly times?: number;
}

const PAGE = 200;

export function stateWord({
  state,
  times,
}: {
  readonly state: string;
  readonly times: number;
}): string {
  if (state === 'trained') return times === 1 ? 'trained' : `trained ${count(times)} times`;
  return state === 'remaining' ? 'queued' : state.replaceAll('_', ' ');
}

/** The index that a key moves to; undefined for other keys. Not limited to the list. */
function movedSelection(
  key: string,
  selected: number,
  total: number,
  lines: number,
): number | undefined {
  const page = Math.max(1, lines - 2);
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: selected + 1,
    j: selected + 1,
    ArrowUp: selected - 1,
    k: selected - 1,
    PageDown: selected + page,
    PageUp: selected - page,
    Home: 0,
    End: total - 1,
  };
  return moves[key];
}

function RowOption({
  place,
  total,
  row,
  isSelected,
  onSelect,
}: {
  /** Index in the list. */
  readonly place: number;
  readonly total: number;
  /** null until it is loaded. */
  readonly row: ListedRow | null;
  readonly isSelected: boolean;
  readonly onSelect: (place: number, row: ListedRow | null) => void;
}): ReactElement {
  return (
    <div
      id={`row-${String(place)}`}
      className={classNames(styles.row, isSelected && styles.selected)}
      role="option"
      aria-selected={isSelected}
      aria-posinset={place + 1}
      aria-setsize={total}
      onClick={() => {
        onSelect(place, row);
      }}
    >
      <span>{row === null ? '' : count(row.row)}</span>
      <span className={row?.state === 'rejected' ? textStyles.failure : textStyles.secondary}>
        {row === null ? '' : stateWord(row)}
      </span>
    </div>
  );
}

export function RowList({
  id,
  query,
  total,
  stamp,
  selected,
  onSelect,
}: {
  readonly id: string;
  readonly query: RowQuery;
  readonly total: number;
  /** Changes when the states of rows change. */
  readonly stamp: string;
  /** Index in the list. */
  readonly selected: number;
  readonly onSelect: (place: number, row: ListedRow | null) => void;
}): ReactElement {
  const { ref, height: room } = useElementSize();
  const box = useRef<HTMLDivElement | null>(null);
  const [top, setTop] = useState(0);
  const view = inView(total, top, room);
  const from = Math.floor(view.first / PAGE) * PAGE;
  const { answer } = useAnswer(
    `${id} ${JSON.stringify(query)}|${String(from)}|${stamp}`,
    async (engine) => ({
      from,
      rows: (await engine.datasets.rows({ id, from: from + 1, limit: 2 * PAGE, ...query })).rows,
    }),
  );
  const rowAt = (place: number): ListedRow | null =>
    answer === null ? null : (answer.rows[place - answer.from] ?? null);
  // Until the total is known, `selected` is limited to 0: the first row must not be reported then.
  const known = total === 0 ? null : rowAt(selected);
  useEffect(() => {
    if (known !== null) onSelect(selected, known);
    // Called once for each row that has been loaded.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [known?.row, selected]);
  useEffect(() => {
    if (box.current === null || room === 0) return;
    const wanted = scrolledTo(total, selected, box.current.scrollTop, room);
    if (wanted !== null) box.current.scrollTop = wanted;
  }, [selected, total, room]);
  const move = (event: KeyboardEvent): void => {
    const next = movedSelection(event.key, selected, total, view.lines);
    if (next === undefined || total === 0) return;
    event.preventDefault();
    const place = Math.max(0, Math.min(total - 1, next));
    onSelect(place, rowAt(place));
  };
  return (
    <div className={styles.box} ref={ref}>
      <div
        className={classNames(styles.list, textStyles.number)}
        ref={box}
        role="listbox"
        aria-label="Rows"
        tabIndex={0}
        aria-activedescendant={`row-${String(selected)}`}
        onKeyDown={move}
        onScroll={(event) => {
          setTop(event.currentTarget.scrollTop);
        }}
      >
        <div style={{ height: view.height }} role="presentation">
          <div
            className={styles.window}
            style={{ height: view.lines * LINE_HEIGHT }}
            role="presentation"
          >
            {Array.from({ length: view.lines }, (_, index) => {
              const place = view.first + index;
              const row = rowAt(place);
              return (
                <RowOption
                  key={place}
                  place={place}
                  total={total}
                  row={row}
                  isSelected={place === selected}
                  onSelect={onSelect}
                />
              );
            })}
          </div>
        </div>
      </div>
    </div>
  );
}
