/** Files over the window: three lanes, one for each priority. Anywhere outside of them is Normal. */
import { useEffect, useRef, useState, type ReactElement } from 'react';
import type { DatasetSummary, Priority } from '../../../src-main/contract/index.ts';
import { useLost, useRoom } from '../../engine/index.ts';
import { useHost } from '../../host/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { clock, count } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { takeIn } from './uploads.ts';
import './drop.css';

const SHOW_AFTER_MS = 80;
/** Some browsers never say what is entered: the next event tells that the drag is still here. */
const LEAVE_AFTER_MS = 100;
const lanes: readonly Priority[] = ['high', 'normal', 'low'];
const names: Readonly<Record<Priority, string>> = { high: 'High', normal: 'Normal', low: 'Low' };

interface Over {
  readonly count: number;
  readonly hasFiles: boolean;
}

function readDrag(transfer: DataTransfer | null): Over | null {
  if (transfer === null) return null;
  // A row of the queue that is being moved is no drop.
  if (transfer.types.includes('application/x-nightshift-dataset')) return null;
  const files = [...transfer.items].filter((item) => item.kind === 'file').length;
  return { count: files, hasFiles: transfer.types.includes('Files') };
}

/** What a file in this lane would wait for, two lines. */
export function laneFacts(
  lane: Priority,
  datasets: readonly DatasetSummary[],
  now: number,
): readonly [string, string] {
  const rank = lanes.indexOf(lane);
  const running = datasets.find((dataset) => dataset.place === 'processing');
  const before = datasets.filter(
    (dataset) =>
      dataset.place === 'queue' &&
      (lane === 'high' ? dataset.priority === 'high' : lanes.indexOf(dataset.priority) <= rank),
  );
  const held = before.filter((dataset) => dataset.held).length;
  const waiting = before.length - held;
  const what =
    waiting === 0
      ? lane === 'high'
        ? 'before everything that waits'
        : 'nothing waits before it'
      : lane === 'low'
        ? 'after all others'
        : `after ${count(waiting)} waiting`;
  const ends = [running, ...before.filter((dataset) => !dataset.held)].map((dataset) =>
    dataset === undefined ? now : dataset.ends_at,
  );
  const known = ends.filter((end) => end !== null);
  const start = known.length < ends.length ? null : Math.max(now, ...known);
  const when =
    start === null
      ? 'start not known yet'
      : start - now < 60
        ? 'starts when its report is clean'
        : `starts about ${clock(start, now)}`;
  return [what, held > 0 ? `${when}, ${count(held)} held` : when];
}

export function DropOverlay({ onTaken }: { readonly onTaken: () => void }): ReactElement | null {
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
      // Accepted here too: whenever the element under the pointer changes, this event comes in place of the one below, and a
      // drop that follows at once would be taken for a drag that leaves.
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
      laneNow.current = lanes.find((lane) => lane === name) ?? 'normal';
      setLane(laneNow.current);
    };
    // Inside of the page the event names what is entered. Entered and left elements are not counted: one that is taken out of
    // the page while the pointer is over it is never left.
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget !== null || readDrag(event.dataTransfer) === null) return;
      clearTimeout(leaving);
      leaving = setTimeout(end, LEAVE_AFTER_MS);
    };
    // No pointer moves while something is dragged: the drag ended where the page was not told.
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
        takeIn(chosen, priority);
        onTaken();
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
  }, [host, lost, onTaken]);

  if (over === null) return null;
  const refusal = lost
    ? 'The engine cannot be reached. Files can be dropped when it is there again.'
    : over.hasFiles
      ? null
      : 'Only files and folders can be dropped';
  return (
    <div className="drop" role="dialog" aria-label="Drop files">
      <div className="dtop">
        {refusal === null ? (
          <span className={classNames('dnum', textStyles.number)}>{count(over.count)}</span>
        ) : null}
        <div>
          <b>{refusal ?? (over.count === 1 ? 'file or folder' : 'files or folders')}</b>
          {refusal === null ? (
            <span>
              Drop to validate. A file is queued when its report is clean; nothing is trained before
              that.
            </span>
          ) : null}
        </div>
      </div>
      {refusal === null ? (
        <div className={classNames('lanes', textStyles.number)}>
          {lanes.map((entry) => {
            const [what, when] = laneFacts(entry, datasets, now);
            return (
              <div key={entry} className={`lanez ${entry === lane ? 'on' : ''}`} data-lane={entry}>
                <b>{names[entry]}</b>
                <span>{what}</span>
                <span>{when}</span>
              </div>
            );
          })}
        </div>
      ) : null}
      <div className="dbot">
        <span>The originals stay where they are; a copy goes into the workspace.</span>
        <span className={controlStyles.keyboardKey}>Esc</span>
        <span>cancels</span>
      </div>
    </div>
  );
}
