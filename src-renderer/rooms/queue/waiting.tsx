/** Waiting datasets in three priorities; rows are moved by dragging or with Alt and the arrow keys. */
import { useState, type DragEvent, type KeyboardEvent, type ReactElement } from 'react';
import type { DatasetSummary, Priority } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import {
  dropMove,
  priorities,
  priorityMove,
  priorityNames,
  stepMove,
  type Groups,
  type Move,
} from './queue-order.ts';
import styles from './queue.module.css';
import { DRAG_TYPE, WaitingRow } from './waiting-row.tsx';

function send(move: Move | null): void {
  if (move !== null) void command((engine) => engine.queue.move(move));
}

const hold = (dataset: DatasetSummary): void => {
  void command((engine) => engine.queue.hold({ id: dataset.id, held: !dataset.held }));
};
const remove = (dataset: DatasetSummary): void => {
  void command((engine) => engine.queue.remove({ id: dataset.id }));
};

interface Over {
  readonly priority: Priority;
  readonly id: string | null;
  readonly after: boolean;
}

function keyMove(groups: Groups, id: string, event: KeyboardEvent): Move | null {
  if (!event.altKey) return null;
  switch (event.key) {
    case 'ArrowUp':
      return stepMove(groups, id, 'up');
    case 'ArrowDown':
      return stepMove(groups, id, 'down');
    case 'ArrowLeft':
      return priorityMove(groups, id, 'left');
    case 'ArrowRight':
      return priorityMove(groups, id, 'right');
    default:
      return null;
  }
}

export function Waiting({
  groups,
  onRows,
}: {
  readonly groups: Groups;
  readonly onRows: (dataset: DatasetSummary) => void;
}): ReactElement {
  const lost = useLost();
  const [over, setOver] = useState<Over | null>(null);
  const accept = (place: Over) => (event: DragEvent) => {
    if (lost || !event.dataTransfer.types.includes(DRAG_TYPE)) return;
    event.preventDefault();
    const box = event.currentTarget.getBoundingClientRect();
    setOver({ ...place, after: place.id !== null && event.clientY > box.top + box.height / 2 });
  };
  const drop = (event: DragEvent): void => {
    const id = event.dataTransfer.getData(DRAG_TYPE);
    if (id === '' || over === null) return;
    event.preventDefault();
    send(dropMove(groups, id, over));
    setOver(null);
  };
  const onKey = (dataset: DatasetSummary) => (event: KeyboardEvent<HTMLTableRowElement>) => {
    if (lost || event.target !== event.currentTarget) return;
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key] ?? 0;
    const key = event.key.toLowerCase();
    if (event.altKey && event.key.startsWith('Arrow')) send(keyMove(groups, dataset.id, event));
    else if (step !== 0) neighbor(event.currentTarget, step)?.focus();
    else if (key === 'h') hold(dataset);
    else if (event.key === 'Delete') remove(dataset);
    else if (event.key === 'Enter') onRows(dataset);
    else return;
    event.preventDefault();
  };
  return (
    <table
      className={styles.waiting}
      onDragLeave={() => {
        setOver(null);
      }}
    >
      <caption className={textStyles.visuallyHidden}>
        Waiting datasets. Use Alt and the arrow keys to move a row.
      </caption>
      <Columns />
      {priorities.map((priority) => (
        <tbody key={priority} data-priority={priority}>
          <tr
            className={classNames(
              styles.priority,
              over?.priority === priority && over.id === null && styles.dropTarget,
            )}
            onDragOver={accept({ priority, id: null, after: false })}
            onDrop={drop}
          >
            <th colSpan={8} scope="rowgroup">
              <span className={textStyles.label}>{priorityNames[priority]}</span>{' '}
              <span className={classNames(textStyles.caption, textStyles.number)}>
                {count(groups[priority].length)}
              </span>
            </th>
          </tr>
          {groups[priority].map((dataset, index) => (
            <WaitingRow
              key={dataset.id}
              dataset={dataset}
              position={index + 1}
              dropSide={over?.id !== dataset.id ? null : over.after ? 'after' : 'before'}
              onDragOver={accept({ priority, id: dataset.id, after: false })}
              onDrop={drop}
              onDragEnd={() => {
                setOver(null);
              }}
              onKeyDown={onKey(dataset)}
              onHold={hold}
              onRows={onRows}
              onRemove={remove}
            />
          ))}
        </tbody>
      ))}
    </table>
  );
}

function Columns(): ReactElement {
  return (
    <thead>
      <tr>
        <th>
          <span className={textStyles.visuallyHidden}>Move</span>
        </th>
        <th className={tableStyles.numberCell}>
          <span className={textStyles.visuallyHidden}>Position</span>
        </th>
        <th>Dataset</th>
        <th className={tableStyles.numberCell}>Rows</th>
        <th className={tableStyles.numberCell}>Steps</th>
        <th className={tableStyles.numberCell}>Duration</th>
        <th className={tableStyles.numberCell}>Finishes</th>
        <th>
          <span className={textStyles.visuallyHidden}>Actions</span>
        </th>
      </tr>
    </thead>
  );
}

function neighbor(row: HTMLTableRowElement, step: number): HTMLTableRowElement | undefined {
  const rows = [
    ...(row.closest('table')?.querySelectorAll<HTMLTableRowElement>('tr[draggable]') ?? []),
  ];
  return rows[rows.indexOf(row) + step];
}
