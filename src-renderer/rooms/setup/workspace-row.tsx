/** First run: the workspace, and another one where the host can open it. */
import type { ReactElement } from 'react';
import { typed, useRoom } from '../../engine/index.ts';
import { useHost } from '../../host/index.ts';
import { gigabytes } from '../../kit/format.ts';
import textStyles from '../../kit/styles/text.module.css';
import { Row } from './row.tsx';
import { WorkspaceForm } from './workspace-form.tsx';

export function WorkspaceRow(): ReactElement {
  const facts = useRoom('engine');
  const machine = useRoom('machine');
  const host = useHost();
  return (
    <Row stage="done" number={1} title="Workspace" aside={null}>
      <p className={textStyles.secondary}>
        <span className={textStyles.mono}>{facts.workspace}</span>
        {machine.disk_free_gb === null
          ? ''
          : `, on a disk with ${gigabytes(machine.disk_free_gb)} free`}
      </p>
      {host.openWorkspace === null ? (
        <p className={textStyles.caption}>
          Another folder:{' '}
          <span className={textStyles.mono}>{typed('nightshift serve --workspace')}</span> and its
          path. A folder that doesn’t exist is created.
        </p>
      ) : (
        <WorkspaceForm current={facts.workspace} open={host.openWorkspace} />
      )}
    </Row>
  );
}
