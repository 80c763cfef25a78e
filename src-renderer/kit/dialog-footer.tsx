/** The last line of a dialog: Cancel, which has the focus first, and the button that confirms. */
import { Button } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import layoutStyles from './styles/layout.module.css';

export function DialogFooter({
  note,
  confirm,
  disabled = false,
  onConfirm,
  onCancel,
}: {
  /** Left of the buttons. */
  readonly note?: ReactNode;
  readonly confirm: ReactNode;
  readonly disabled?: boolean;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}): ReactElement {
  return (
    <div className={layoutStyles.dialogFooter}>
      {note}
      <span className={layoutStyles.grow} />
      <Button size="md" data-autofocus onClick={onCancel}>
        Cancel
      </Button>
      <Button size="md" variant="filled" disabled={disabled} onClick={onConfirm}>
        {confirm}
      </Button>
    </div>
  );
}
