/**
 * The first run on one page: workspace, machine, base model, first dataset. Rows that are done fold
 * to one line.
 */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Setup } from '../../../src-main/contract/index.ts';
import { typed, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { Glyph, Logo } from '../../kit/marks.tsx';
import controlStyles from '../../kit/styles/controls.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Notices } from '../notices/index.ts';
import { BaseRow } from './base-row.tsx';
import { DatasetRow } from './dataset-row.tsx';
import { leaveFirstRun } from './gate.ts';
import { MachineRow } from './machine-row.tsx';
import styles from './setup.module.css';
import { WorkspaceRow } from './workspace-row.tsx';

/** What has to happen before the first training step, in order. */
export function firstRunTasks(
  setup: Setup,
  hasDataset: boolean,
): readonly { readonly text: string; readonly takes: string; readonly done: boolean }[] {
  const making = setup.bases.some((base) => base.state === 'making');
  return [
    { text: 'Check this machine', takes: 'seconds', done: setup.python.state === 'ok' },
    { text: 'Base model', takes: 'about 1 min', done: setup.chosen !== null && !making },
    { text: 'First dataset validated and tokenized', takes: 'about 10 s', done: hasDataset },
    { text: 'Load the model and train the first step', takes: 'about 20 s', done: false },
  ];
}

export function FirstRun(): ReactElement {
  const setup = useRoom('setup');
  const datasets = useRoom('datasets');
  const tasks = firstRunTasks(setup, datasets.length > 0);
  const left = tasks.filter((task) => !task.done).length;
  return (
    <main className={styles.page}>
      <div>
        <Notices onOpen={leaveFirstRun} />
        <header>
          <span className={styles.logo}>
            <Logo />
          </span>
          <h1>Nightshift</h1>
          <p>
            Trains a language model on the files you drop, one after another, on this computer. Your
            data stays here.
          </p>
        </header>
        <WorkspaceRow />
        <MachineRow setup={setup} />
        <BaseRow setup={setup} />
        <DatasetRow setup={setup} />
      </div>
      <aside className={styles.side}>
        <h2 className={textStyles.label}>First training step</h2>
        <p className={classNames(styles.bigText, textStyles.number)}>
          {left === 1 ? 'starts automatically' : 'About 2 min to the first step'}
        </p>
        <ol className={styles.tasks}>
          {tasks.map((task) => (
            <li key={task.text}>
              <span>{task.text}</span>
              {task.done ? (
                <span className={textStyles.success}>
                  <Glyph name="done" />
                  <span className={textStyles.visuallyHidden}>done</span>
                </span>
              ) : (
                <span className={textStyles.tertiary}>{task.takes}</span>
              )}
            </li>
          ))}
        </ol>
        {setup.chosen === null ? null : (
          <Button
            onClick={() => {
              leaveFirstRun('dashboard');
            }}
          >
            Open the dashboard
          </Button>
        )}
        <h2 className={classNames(textStyles.label, styles.commandLine)}>From the command line</h2>
        <pre
          className={classNames(controlStyles.codeBlock, textStyles.mono)}
          tabIndex={0}
          aria-label="Commands"
        >
          {typed('nightshift serve')}
          {'\n'}
          {typed('nightshift queue add sample.jsonl')}
        </pre>
      </aside>
    </main>
  );
}
