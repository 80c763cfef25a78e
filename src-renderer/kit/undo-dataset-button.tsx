/** Offers to undo a dataset; the restore dialog shows what that means before anything changes. */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';

export function UndoDatasetButton({
  name,
  disabled,
  onClick,
}: {
  readonly name: string;
  readonly disabled: boolean;
  readonly onClick: () => void;
}): ReactElement {
  return (
    <Button
      size="xs"
      variant="subtle"
      disabled={disabled}
      title="Restores the model from before this dataset and queues the dataset again"
      aria-label={`Undo this dataset: ${name}`}
      onClick={onClick}
    >
      Undo this dataset…
    </Button>
  );
}
