/** What waits, in three priorities: drag a row, or move it with Alt and the arrows. */
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

const TYPE = 'application/x-nightshift-dataset';

function send(move: Move | null): void {
  if (move !== null) void command((engine) => engine.queue.move(move));
}

interface Over {
  readonly priority: Priority;
  readonly id: string | null;
  readonly after: boolean;
}

function unknownWhy(dataset: DatasetSummary): string {
  if (dataset.held) return 'Held: it has no place in the estimate';
  if (dataset.verdict === 'ready') return 'Known when the speed has been measured';
  return `${verdictDisplay[dataset.verdict].word}: known when the report is clean`;
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
    if (lost || !event.dataTransfer.types.includes(TYPE)) return;
    event.preventDefault();
    const box = event.currentTarget.getBoundingClientRect();
    setOver({ ...place, after: place.id !== null && event.clientY > box.top + box.height / 2 });
  };
  const drop = (event: DragEvent): void => {
    const id = event.dataTransfer.getData(TYPE);
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
      className="q"
      onDragLeave={() => {
        setOver(null);
      }}
    >
      <caption className={textStyles.visuallyHidden}>
        Waiting datasets. Alt and the arrows move a row.
      </caption>
      <thead>
        <tr>
          <th>
            <span className={textStyles.visuallyHidden}>Move</span>
          </th>
          <th className={tableStyles.numberCell}>
            <span className={textStyles.visuallyHidden}>Place</span>
          </th>
          <th>Dataset</th>
          <th className={tableStyles.numberCell}>Rows</th>
          <th className={tableStyles.numberCell}>Steps</th>
          <th className={tableStyles.numberCell}>Takes</th>
          <th className={tableStyles.numberCell}>Done at</th>
          <th>
            <span className={textStyles.visuallyHidden}>Acts</span>
          </th>
        </tr>
      </thead>
      {priorities.map((priority) => (
        <tbody key={priority} data-priority={priority}>
          <tr
            className={`grp ${over?.priority === priority && over.id === null ? 'over' : ''}`}
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
          {groups[priority].map((group, index) => {
            const takes =
              group.ends_at === null || group.starts_at === null
                ? null
                : group.ends_at - group.starts_at;
            const look = verdictDisplay[group.verdict];
            const note = group.held
              ? 'held'
              : group.verdict === 'ready'
                ? null
                : look.word.toLowerCase();
            const isOver = over?.id === group.id;
            return (
              <tr
                key={group.id}
                id={`queue-${group.id}`}
                tabIndex={0}
                draggable={!lost}
                className={`${group.held ? 'held' : ''} ${isOver ? (over.after ? 'after' : 'before') : ''}`}
                onDragStart={(event) => {
                  event.dataTransfer.setData(TYPE, group.id);
                  event.dataTransfer.effectAllowed = 'move';
                }}
                onDragOver={accept({ priority, id: group.id, after: false })}
                onDrop={drop}
                onDragEnd={() => {
                  setOver(null);
                }}
                onKeyDown={onKey(group)}
              >
                <td className="grip">
                  <IconGripVertical aria-hidden="true" />
                </td>
                <td className={classNames(tableStyles.numberCell, textStyles.tertiary, 'pos')}>
                  {index + 1}
                </td>
                <td className="fn">
                  <span className={layoutStyles.baseline}>
                    <span
                      className={classNames(textStyles.strong, textStyles.ellipsis)}
                      title={group.name}
                    >
                      {group.name}
                    </span>
                    {note === null ? null : (
                      <span
                        className={classNames('note', textStyles[look.tone])}
                        title={group.message ?? undefined}
                      >
                        <Glyph name={look.glyph} /> {note}
                      </span>
                    )}
                  </span>
                </td>
                <td className={tableStyles.numberCell}>
                  {group.rows === null ? UNKNOWN : count(rowsOf(group))}
                </td>
                <td className={tableStyles.numberCell}>
                  {group.planned_steps === null || group.planned_steps === 0
                    ? UNKNOWN
                    : count(group.planned_steps - (group.done_steps ?? 0))}
                </td>
                <td
                  className={tableStyles.numberCell}
                  title={takes === null ? unknownWhy(group) : undefined}
                >
                  {takes === null || group.held ? UNKNOWN : duration(takes)}
                </td>
                <td
                  className={tableStyles.numberCell}
                  title={group.ends_at === null ? unknownWhy(group) : undefined}
                >
                  {group.ends_at === null || group.held ? UNKNOWN : clock(group.ends_at, now)}
                </td>
                <td className="act">
                  <span className={classNames(layoutStyles.row, 'acts')}>
                    <Button
                      size="xs"
                      disabled={lost}
                      aria-label={`${group.held ? 'Release' : 'Hold'} ${group.name}`}
                      onClick={() => {
                        hold(group);
                      }}
                    >
                      {group.held ? 'Release' : 'Hold'}
                    </Button>
                    <button
                      type="button"
                      className={controlStyles.iconButton}
                      aria-label={`Rows of ${group.name}`}
                      title="Rows"
                      onClick={() => {
                        onRows(group);
                      }}
                    >
                      <IconListDetails aria-hidden="true" />
                    </button>
                    <button
                      type="button"
                      className={controlStyles.iconButton}
                      disabled={lost}
                      aria-label={`Remove ${group.name} from the queue`}
                      title="Remove from the queue; the file moves to skipped, it is not deleted"
                      onClick={() => {
                        remove(group);
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

/** What would be trained; where nothing is accepted yet, what the file holds. */
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
