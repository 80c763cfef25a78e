/** The overlay while files are dragged over the window: one lane per priority. Outside of them is Normal. */
import { useEffect, useRef, useState, type ReactElement } from 'react';
import type { DatasetSummary, Priority } from '../../../src-main/contract/index.ts';
import { useLost, useRoom } from '../../engine/index.ts';
import { useHost } from '../../host/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { clock, count } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './drop-overlay.module.css';
import { addFiles } from './uploads.ts';

const SHOW_AFTER_MS = 80;
/** Some browsers report no entered element: the overlay stays if another event follows. */
const LEAVE_AFTER_MS = 100;
const LANES: readonly Priority[] = ['high', 'normal', 'low'];
const LANE_NAMES: Readonly<Record<Priority, string>> = {
  high: 'High',
  normal: 'Normal',
  low: 'Low',
};

interface Over {
  readonly count: number;
  readonly hasFiles: boolean;
}

function readDrag(transfer: DataTransfer | null): Over | null {
  if (transfer === null) return null;
  // Moving a row of the queue isn't a file drop.
  if (transfer.types.includes('application/x-nightshift-dataset')) return null;
  const files = [...transfer.items].filter((item) => item.kind === 'file').length;
  return { count: files, hasFiles: transfer.types.includes('Files') };
}

/** When a file in this lane would run, in two lines. */
export function laneFacts(
  lane: Priority,
  datasets: readonly DatasetSummary[],
  now: number,
): readonly [string, string] {
  const rank = LANES.indexOf(lane);
  const running = datasets.find((dataset) => dataset.place === 'processing');
  const before = datasets.filter(
    (dataset) =>
      dataset.place === 'queue' &&
      (lane === 'high' ? dataset.priority === 'high' : LANES.indexOf(dataset.priority) <= rank),
  );
  const held = before.filter((dataset) => dataset.held).length;
  const waiting = before.length - held;
  const what =
    waiting === 0
      ? lane === 'high'
        ? 'Runs next'
        : 'Queue is empty'
      : lane === 'low'
        ? 'After all others'
        : `After ${count(waiting)} queued`;
  const ends = [running, ...before.filter((dataset) => !dataset.held)].map((dataset) =>
    dataset === undefined ? now : dataset.ends_at,
  );
  const known = ends.filter((end) => end !== null);
  const start = known.length < ends.length ? null : Math.max(now, ...known);
  const when =
    start === null
      ? 'Start time unknown'
      : start - now < 60
        ? 'Starts after validation'
        : `Starts about ${clock(start, now)}`;
  return [what, held > 0 ? `${when}, ${count(held)} held` : when];
}

export function DropOverlay({ onAdded }: { readonly onAdded: () => void }): ReactElement | null {
  const host = useHost();
  const datasets = useRoom('datasets');
  const lost = useLost();
  const now = useNowSeconds();
  const [over, setOver] = useState<Over | null>(null);
  const [lane, setLane] = useState<Priority>('normal');
  const laneNow = useRef<Priority>('normal');

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let leaving: ReturnType<typeof setTimeout> | undefined;
    const end = (): void => {
      clearTimeout(timer);
      clearTimeout(leaving);
      timer = undefined;
      laneNow.current = 'normal';
      setLane('normal');
      setOver(null);
    };
    const onEnter = (event: DragEvent): void => {
      const drag = readDrag(event.dataTransfer);
      if (drag === null) return;
      // Accept the drag here too: when the element under the pointer changes, this event replaces dragover, and a drop right
      // after it would be treated as a leave.
      event.preventDefault();
      clearTimeout(leaving);
      timer ??= setTimeout(() => {
        setOver(drag);
      }, SHOW_AFTER_MS);
    };
    const onOver = (event: DragEvent): void => {
      if (readDrag(event.dataTransfer) === null) return;
      event.preventDefault();
      clearTimeout(leaving);
      const target = event.target instanceof Element ? event.target.closest('[data-lane]') : null;
      const name = target?.getAttribute('data-lane');
      laneNow.current = LANES.find((lane) => lane === name) ?? 'normal';
      setLane(laneNow.current);
    };
    // Inside the page the event has the entered element. Counting enter and leave events doesn't work: an element that is
    // removed under the pointer gets no leave event.
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget !== null || readDrag(event.dataTransfer) === null) return;
      clearTimeout(leaving);
      leaving = setTimeout(end, LEAVE_AFTER_MS);
    };
    // Pointer events stop during a drag, so a pointer move means that the drag ended outside of the page.
    const onMove = (): void => {
      if (timer !== undefined) end();
    };
    const onDrop = (event: DragEvent): void => {
      const transfer = event.dataTransfer;
      const drag = readDrag(transfer);
      if (drag === null || transfer === null) return;
      event.preventDefault();
      const priority = laneNow.current;
      end();
      if (!drag.hasFiles || lost) return;
      void host.dropped(transfer).then((chosen) => {
        addFiles(chosen, priority);
        onAdded();
      });
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') end();
    };
    addEventListener('dragenter', onEnter);
    addEventListener('dragover', onOver);
    addEventListener('dragleave', onLeave);
    addEventListener('drop', onDrop);
    addEventListener('keydown', onKey);
    addEventListener('pointermove', onMove);
    return () => {
      end();
      removeEventListener('dragenter', onEnter);
      removeEventListener('dragover', onOver);
      removeEventListener('dragleave', onLeave);
      removeEventListener('drop', onDrop);
      removeEventListener('keydown', onKey);
      removeEventListener('pointermove', onMove);
    };
  }, [host, lost, onAdded]);

  if (over === null) return null;
  const refusal = lost
    ? "The engine can't be reached. Drop the files again once it is connected."
    : over.hasFiles
      ? null
      : 'Only files and folders can be dropped';
  return (
    <div className={styles.overlay} role="dialog" aria-label="Drop files">
      <div className={styles.header}>
        {refusal === null ? (
          <span className={classNames(styles.count, textStyles.number)}>{count(over.count)}</span>
        ) : null}
        <div>
          <b>{refusal ?? (over.count === 1 ? 'file or folder' : 'files or folders')}</b>
          {refusal === null ? (
            <span>Drop to validate. A file is queued once its report has no open decision.</span>
          ) : null}
        </div>
      </div>
      {refusal === null ? (
        <div className={classNames(styles.lanes, textStyles.number)}>
          {LANES.map((entry) => {
            const [what, when] = laneFacts(entry, datasets, now);
            return (
              <div
                key={entry}
                className={classNames(styles.lane, entry === lane && styles.active)}
                data-lane={entry}
              >
                <b>{LANE_NAMES[entry]}</b>
                <span>{what}</span>
                <span>{when}</span>
              </div>
            );
          })}
        </div>
      ) : null}
      <div className={styles.footer}>
        <span>Files are copied into the workspace; the originals stay in place.</span>
        <span className={controlStyles.keyboardKey}>Esc</span>
        <span>cancels</span>
      </div>
    </div>
  );
}
