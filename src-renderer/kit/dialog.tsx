/**
 * A dialog that is mounted while it is open. Focus goes back to what had it before; when that is gone, to the screen's first list
 * or control, never to nowhere.
 */
import { Modal } from '@mantine/core';
import { useEffect, useState, type ReactElement, type ReactNode } from 'react';

const targets = '[tabindex="0"], button:not(:disabled), a[href], input:not(:disabled)';

function focusAgain(before: Element | null): void {
  const active = document.activeElement;
  if (active !== null && active !== document.body) return;
  if (before instanceof HTMLElement && before.isConnected && before !== document.body)
    before.focus();
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  document.getElementById('main')?.querySelector<HTMLElement>(targets)?.focus();
}

/** `low`: it stands at the lower edge where there is room, so that what is above stays in sight. */
export function Dialog({
  title,
  size,
  low = false,
  onClose,
  children,
}: {
  readonly title: string;
  readonly size: number;
  readonly low?: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}): ReactElement {
  // Read while the dialog is not in the page yet: afterwards it holds the focus itself.
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      setTimeout(() => {
        focusAgain(before);
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
      {...(low ? { classNames: { inner: 'low' } } : {})}
    >
      {children}
    </Modal>
  );
}
