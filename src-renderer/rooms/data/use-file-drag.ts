/** Follows a drag of files over the window: which lane it is over, and the drop. */
import { useEffect, useRef, useState } from 'react';
import type { Priority } from '../../../src-main/contract/index.ts';
import { useLost } from '../../engine/index.ts';
import { useHost } from '../../host/index.ts';
import { LANES } from './lanes.ts';
import { addFiles } from './uploads.ts';

const SHOW_AFTER_MS = 80;
/** Some browsers report no entered element: the overlay stays if another event follows. */
const LEAVE_AFTER_MS = 100;
export interface FileDrag {
  readonly count: number;
  readonly hasFiles: boolean;
}

function readDrag(transfer: DataTransfer | null): FileDrag | null {
  if (transfer === null) return null;
  // Moving a row of the queue isn't a file drop.
  if (transfer.types.includes('application/x-nightshift-dataset')) return null;
  const files = [...transfer.items].filter((item) => item.kind === 'file').length;
  return { count: files, hasFiles: transfer.types.includes('Files') };
}

/** The drag over the window, null without one. `onAdded` is called after a drop. */
export function useFileDrag(onAdded: () => void): {
  readonly drag: FileDrag | null;
  readonly lane: Priority;
} {
  const host = useHost();
  const lost = useLost();
  const [over, setOver] = useState<FileDrag | null>(null);
  const [lane, setLane] = useState<Priority>('normal');
  const laneNow = useRef<Priority>('normal');
  // A ref, because a connection that is lost during a drag must not end the drag.
  const isLost = useRef(lost);
  useEffect(() => {
    isLost.current = lost;
  }, [lost]);
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
      // Accept the drag here too: when the element under the pointer changes, this event replaces
      // dragover, and a drop right after it would be treated as a leave.
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
    // Inside the page the event has the entered element. Counting enter and leave events doesn't
    // work: an element that is removed under the pointer gets no leave event.
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget !== null || readDrag(event.dataTransfer) === null) return;
      clearTimeout(leaving);
      leaving = setTimeout(end, LEAVE_AFTER_MS);
    };
    // Pointer events stop during a drag, so a pointer move means that the drag ended outside of the
    // page.
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
      if (!drag.hasFiles || isLost.current) return;
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
  }, [host, onAdded]);
  return { drag: over, lane };
}
