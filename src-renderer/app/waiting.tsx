/** Before the first snapshot: waiting for the engine, or why it can't start, where, and what to do. */
import { useEffect, useState, type ReactElement } from 'react';
import type { StartProblem } from '../../src-main/contract/index.ts';
import { useHost } from '../host/index.ts';
import { Logo } from '../kit/marks.tsx';
import textStyles from '../kit/styles/text.module.css';
import { WorkspaceForm } from '../rooms/setup/index.ts';
import styles from './waiting.module.css';

export function Waiting(): ReactElement {
  const host = useHost();
  const [problem, setProblem] = useState<StartProblem | null>(null);
  useEffect(() => host.onStartProblem(setProblem), [host]);
  return (
    <main className={styles.waiting}>
      <Logo />
      <h1 className={textStyles.title}>Nightshift</h1>
      {problem === null ? (
        <p role="status">Waiting for the engine…</p>
      ) : (
        <div role="alert" className={styles.problem}>
          <h2 className={textStyles.strong}>The engine can’t start</h2>
          <p>{problem.text}</p>
          <dl>
            <dt>Workspace</dt>
            <dd>{problem.workspace}</dd>
            <dt>Log</dt>
            <dd>{problem.log}</dd>
          </dl>
          <p className={textStyles.secondary}>
            Nightshift tries again every few seconds, and this page continues as soon as it works. A
            trainer that is running is not affected.
            {host.openWorkspace === null
              ? ' To use another folder, start Nightshift with --workspace and its path.'
              : ''}
          </p>
          {host.openWorkspace === null ? null : (
            <WorkspaceForm current={problem.workspace} open={host.openWorkspace} />
          )}
        </div>
      )}
    </main>
  );
}
