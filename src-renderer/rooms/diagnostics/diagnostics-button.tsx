/** Opens the dialog that saves a diagnostics bundle. */
import { Button } from '@mantine/core';
import { IconFileZip } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useLost } from '../../engine/index.ts';
import { openDiagnostics } from './diagnostics.tsx';

export function DiagnosticsButton(): ReactElement {
  const lost = useLost();
  return (
    <Button
      size="xs"
      disabled={lost}
      leftSection={<IconFileZip aria-hidden="true" />}
      onClick={openDiagnostics}
    >
      Save diagnostics
    </Button>
  );
}
