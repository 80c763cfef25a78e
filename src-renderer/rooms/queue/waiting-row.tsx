/** One waiting dataset: draggable, with its estimate and actions. */
import { Button } from '@mantine/core';
import { IconGripVertical, IconListDetails, IconX } from '@tabler/icons-react';
import type { DragEventHandler, KeyboardEventHandler, ReactElement } from 'react';
import type { DatasetSummary } from '../../../src-main/contract/index.ts';
import { useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { clock, count, duration, UNKNOWN } from '../../kit/format.ts';
import { Glyph } from '../../kit/marks.tsx';
import { useNowSeconds } from '../../kit/now.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { verdictDisplay } from '../data/index.ts';
import styles from './queue.module.css';

/** Type of the drag data, whose value is the id of the dataset. */
export const DRAG_TYPE = 'application/x-nightshift-dataset';

function missingReason(dataset: DatasetSummary): string {
  if (dataset.held) return 'Held: not included in the estimate';
  if (dataset.verdict === 'ready') return 'Available once a base model is chosen and training runs';
  return `${verdictDisplay[dataset.verdict].word}: available after validation`;
}

/** Rows to train on; before anything is accepted, the rows in the file. */
const rowsOf = (dataset: DatasetSummary): number =>
  dataset.verdict === 'needs_decision' && (dataset.accepted ?? 0) === 0
    ? (dataset.rows ?? 0)
    : (dataset.accepted ?? dataset.rows ?? 0);

function noteOf({ held, verdict }: DatasetSummary): string | null {
  if (held) return 'held';
  return verdict === 'ready' ? null : verdictDisplay[verdict].word.toLowerCase();
}

interface WaitingRowProps {
  readonly dataset: DatasetSummary;
  readonly position: number;
  /** Where a dragged row would be inserted; null while none is over this row. */
  readonly dropSide: 'before' | 'after' | null;
  readonly onDragOver: DragEventHandler;
  readonly onDrop: DragEventHandler;
  readonly onDragEnd: () => void;
  readonly onKeyDown: KeyboardEventHandler<HTMLTableRowElement>;
  readonly onHold: (dataset: DatasetSummary) => void;
  readonly onRows: (dataset: DatasetSummary) => void;
  readonly onRemove: (dataset: DatasetSummary) => void;
}

export function WaitingRow({
  dataset,
  position,
  dropSide,
  onDragOver,
  onDrop,
  onDragEnd,
  onKeyDown,
  onHold,
  onRows,
  onRemove,
}: WaitingRowProps): ReactElement {
  const now = useNowSeconds();
  const lost = useLost();
  const takes = dataset.estimate_seconds ?? null;
  return (
    <tr
      id={`queue-${dataset.id}`}
      tabIndex={0}
      draggable={!lost}
      className={classNames(
        dataset.held && styles.held,
        dropSide === 'before' && styles.dropBefore,
        dropSide === 'after' && styles.dropAfter,
      )}
      data-held={dataset.held}
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAG_TYPE, dataset.id);
        event.dataTransfer.effectAllowed = 'move';
      }}
      onDragOver={onDragOver}
      onDrop={onDrop}
      onDragEnd={onDragEnd}
      onKeyDown={onKeyDown}
    >
      <td className={styles.grip}>
        <IconGripVertical aria-hidden="true" />
      </td>
      <td className={classNames(tableStyles.numberCell, textStyles.tertiary, styles.position)}>
        {position}
      </td>
      <NameCell dataset={dataset} />
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
        title={takes === null ? missingReason(dataset) : undefined}
      >
        {takes === null || dataset.held ? UNKNOWN : duration(takes)}
      </td>
      <td
        className={tableStyles.numberCell}
        title={dataset.ends_at === null ? missingReason(dataset) : undefined}
      >
        {dataset.ends_at === null || dataset.held ? UNKNOWN : clock(dataset.ends_at, now)}
      </td>
      <td className={styles.actionCell}>
        <RowActions dataset={dataset} onHold={onHold} onRows={onRows} onRemove={onRemove} />
      </td>
    </tr>
  );
}

function NameCell({ dataset }: { readonly dataset: DatasetSummary }): ReactElement {
  const display = verdictDisplay[dataset.verdict];
  const note = noteOf(dataset);
  return (
    <td className={styles.name}>
      <span className={layoutStyles.baseline}>
        <span className={classNames(textStyles.strong, textStyles.ellipsis)} title={dataset.name}>
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
  );
}

function RowActions({
  dataset,
  onHold,
  onRows,
  onRemove,
}: Pick<WaitingRowProps, 'dataset' | 'onHold' | 'onRows' | 'onRemove'>): ReactElement {
  const lost = useLost();
  return (
    <span className={classNames(layoutStyles.row, styles.actions)}>
      <Button
        size="xs"
        disabled={lost}
        aria-label={`${dataset.held ? 'Release' : 'Hold'} ${dataset.name}`}
        onClick={() => {
          onHold(dataset);
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
          onRemove(dataset);
        }}
      >
        <IconX aria-hidden="true" />
      </button>
    </span>
  );
}
