/** Waiting datasets in three priorities; rows are moved by dragging or with Alt and the arrow keys. */
import { Button } from '@mantine/core';
import { IconGripVertical, IconListDetails, IconX } from '@tabler/icons-react';
import { useState, type DragEvent, type KeyboardEvent, type ReactElement } from 'react';
import type { DatasetSummary, Priority } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { clock, count, duration, UNKNOWN } from '../../kit/format.ts';
import { Glyph } from '../../kit/marks.tsx';
import { useNowSeconds } from '../../kit/now.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { verdictDisplay } from '../data/index.ts';
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

const DRAG_TYPE = 'application/x-nightshift-dataset';

function send(move: Move | null): void {
  if (move !== null) void command((engine) => engine.queue.move(move));
}

interface Over {
  readonly priority: Priority;
  readonly id: string | null;
  readonly after: boolean;
}

function unknownWhy(dataset: DatasetSummary): string {
  if (dataset.held) return 'Held: not included in the estimate';
  if (dataset.verdict === 'ready') return 'Available once the training speed is measured';
  return `${verdictDisplay[dataset.verdict].word}: available after validation`;
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
  const now = useNowSeconds();
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
  const hold = (dataset: DatasetSummary): void => {
    void command((engine) => engine.queue.hold({ id: dataset.id, held: !dataset.held }));
  };
  const remove = (dataset: DatasetSummary): void => {
    void command((engine) => engine.queue.remove({ id: dataset.id }));
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
          {groups[priority].map((dataset, index) => {
            const takes =
              dataset.ends_at === null || dataset.starts_at === null
                ? null
                : dataset.ends_at - dataset.starts_at;
            const display = verdictDisplay[dataset.verdict];
            const note = dataset.held
              ? 'held'
              : dataset.verdict === 'ready'
                ? null
                : display.word.toLowerCase();
            const isOver = over?.id === dataset.id;
            return (
              <tr
                key={dataset.id}
                id={`queue-${dataset.id}`}
                tabIndex={0}
                draggable={!lost}
                className={classNames(
                  dataset.held && styles.held,
                  isOver && (over.after ? styles.dropAfter : styles.dropBefore),
                )}
                data-held={dataset.held}
                onDragStart={(event) => {
                  event.dataTransfer.setData(DRAG_TYPE, dataset.id);
                  event.dataTransfer.effectAllowed = 'move';
                }}
                onDragOver={accept({ priority, id: dataset.id, after: false })}
                onDrop={drop}
                onDragEnd={() => {
                  setOver(null);
                }}
                onKeyDown={onKey(dataset)}
              >
                <td className={styles.grip}>
                  <IconGripVertical aria-hidden="true" />
                </td>
                <td
                  className={classNames(
                    tableStyles.numberCell,
                    textStyles.tertiary,
                    styles.position,
                  )}
                >
                  {index + 1}
                </td>
                <td className={styles.name}>
                  <span className={layoutStyles.baseline}>
                    <span
                      className={classNames(textStyles.strong, textStyles.ellipsis)}
                      title={dataset.name}
                    >
                      {dataset.name}
                    </span>
                    {note === null ? null : (
                      <span
                        className={classNames(styles.note, textStyles[display.tone])}
                        title={dataset.message ?? undefined}
                      >
                        <Glyph name={display.glyph} /> {note}
                      </span>
                    )}
                  </span>
                </td>
                <td className={tableStyles.numberCell}>
                  {dataset.rows === null ? UNKNOWN : count(rowsOf(dataset))}
                </td>
                <td className={tableStyles.numberCell}>
                  {dataset.planned_steps === null || dataset.planned_steps === 0
                    ? UNKNOWN
                    : count(dataset.planned_steps - (dataset.done_steps ?? 0))}
                </td>
                <td
                  className={tableStyles.numberCell}
                  title={takes === null ? unknownWhy(dataset) : undefined}
                >
                  {takes === null || dataset.held ? UNKNOWN : duration(takes)}
                </td>
                <td
                  className={tableStyles.numberCell}
                  title={dataset.ends_at === null ? unknownWhy(dataset) : undefined}
                >
                  {dataset.ends_at === null || dataset.held ? UNKNOWN : clock(dataset.ends_at, now)}
                </td>
                <td className={styles.actionCell}>
                  <span className={classNames(layoutStyles.row, styles.actions)}>
                    <Button
                      size="xs"
                      disabled={lost}
                      aria-label={`${dataset.held ? 'Release' : 'Hold'} ${dataset.name}`}
                      onClick={() => {
                        hold(dataset);
                      }}
                    >
                      {dataset.held ? 'Release' : 'Hold'}
                    </Button>
                    <button
                      type="button"
                      className={controlStyles.iconButton}
                      aria-label={`Rows of ${dataset.name}`}
                      title="Rows"
                      onClick={() => {
                        onRows(dataset);
                      }}
                    >
                      <IconListDetails aria-hidden="true" />
                    </button>
                    <button
                      type="button"
                      className={controlStyles.iconButton}
                      disabled={lost}
                      aria-label={`Remove ${dataset.name} from the queue`}
                      title="Remove from the queue; the file moves to skipped and isn’t deleted"
                      onClick={() => {
                        remove(dataset);
                      }}
                    >
                      <IconX aria-hidden="true" />
                    </button>
                  </span>
                </td>
              </tr>
            );
          })}
        </tbody>
      ))}
    </table>
  );
}

/** Rows to train on; before anything is accepted, the rows in the file. */
const rowsOf = (dataset: DatasetSummary): number =>
  dataset.verdict === 'needs_decision' && (dataset.accepted ?? 0) === 0
    ? (dataset.rows ?? 0)
    : (dataset.accepted ?? dataset.rows ?? 0);

function neighbor(row: HTMLTableRowElement, step: number): HTMLTableRowElement | undefined {
  const rows = [
    ...(row.closest('table')?.querySelectorAll<HTMLTableRowElement>('tr[draggable]') ?? []),
  ];
  return rows[rows.indexOf(row) + step];
}
