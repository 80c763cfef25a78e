/**
 * A dialog that is mounted only while it is open. On close, focus returns to the element that had it, or to the first list or
 * control of the screen if that element is gone.
 */
import { Modal } from '@mantine/core';
import { useEffect, useState, type ReactElement, type ReactNode } from 'react';
import styles from './dialog.module.css';

const targets = '[tabindex="0"], button:not(:disabled), a[href], input:not(:disabled)';

function restoreFocus(before: Element | null): void {
  const active = document.activeElement;
  if (active !== null && active !== document.body) return;
  if (before instanceof HTMLElement && before.isConnected && before !== document.body)
    before.focus();
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  document.getElementById('main')?.querySelector<HTMLElement>(targets)?.focus();
}

/** `atBottom`: opens at the lower edge where there is room, so that the content above stays visible. */
export function Dialog({
  title,
  size,
  atBottom = false,
  onClose,
  children,
}: {
  readonly title: string;
  readonly size: number;
  readonly atBottom?: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}): ReactElement {
  // Read before the dialog is mounted, because it takes the focus then.
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      setTimeout(() => {
        restoreFocus(before);
      }, 0);
    },
    [before],
  );
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size={size}
      closeButtonProps={{ 'aria-label': 'Close' }}
      {...(atBottom ? { classNames: { inner: styles.atBottom ?? '' } } : {})}
    >
      {children}
    </Modal>
  );
}
