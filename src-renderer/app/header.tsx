/** The header: workspace, state, model, dataset, gauges and the two controls. */
import type { ReactElement } from 'react';
import type { TrainingStatus } from '../../src-main/contract/index.ts';
import { typed, useEngine, useLost, useRoom } from '../engine/index.ts';
import { classNames } from '../kit/class-names.ts';
import {
  clock,
  clockSeconds,
  count,
  percent,
  shortName,
  timeLeft,
  UNKNOWN,
} from '../kit/format.ts';
import { Glyph, Logo } from '../kit/marks.tsx';
import { useNow } from '../kit/now.ts';
import controlStyles from '../kit/styles/controls.module.css';
import layoutStyles from '../kit/styles/layout.module.css';
import textStyles from '../kit/styles/text.module.css';
import { queued } from '../rooms/queue/index.ts';
import { Controls } from './controls.tsx';
import { Gauges } from './gauges.tsx';
import styles from './header.module.css';
import { Pulse } from './pulse.tsx';
import { stateCell } from './state-cell.ts';

function StateCell(): ReactElement {
  const status = useRoom('status');
  const queue = useRoom('queue');
  const lost = useLost();
  const now = useNow();
  const heard = useEngine((state) => state.heard);
  const statusHeard = useEngine((state) => state.statusHeard);
  const text = stateCell({
    status,
    queue,
    lost,
    now: now / 1000,
    lastMessageAgo: Math.max(0, now - heard) / 1000,
    statusAgo: Math.max(0, now - statusHeard) / 1000,
  });
  return (
    <div
      className={classNames(styles.cell, styles.state, styles[text.tone])}
      data-state={text.word}
    >
      <Pulse beats={text.tone === 'live' ? statusHeard : 0}>
        <Glyph name={text.glyph} />
      </Pulse>
      <div className={textStyles.ellipsis}>
        <b className={textStyles.ellipsis}>{text.word}</b>
        <span
          className={classNames(
            styles.fact,
            textStyles.caption,
            textStyles.number,
            textStyles.ellipsis,
          )}
          title={typed(status.reason ?? text.fact)}
        >
          {text.fact}
        </span>
      </div>
      {/* Screen readers announce a change of the word, not every heartbeat. */}
      <span className={textStyles.visuallyHidden} role="status" aria-live="polite">
        {text.word}
      </span>
    </div>
  );
}

function ModelCell(): ReactElement {
  const status = useRoom('status');
  const config = useRoom('config');
  const base = config.values.base_model;
  const label = base === '' ? 'no base model' : `${base}, ${config.values.method}`;
  return (
    <div className={classNames(styles.cell, styles.model)}>
      <span className={styles.label} title={label}>
        {label}
      </span>
      <span
        className={classNames(styles.value, textStyles.number)}
        title={status.branch === null ? undefined : `branch ${status.branch}`}
      >
        {status.current_step === null ? `step ${UNKNOWN}` : `step ${count(status.current_step)}`}
      </span>
    </div>
  );
}

function DatasetCell(): ReactElement {
  const status = useRoom('status');
  const datasets = useRoom('datasets');
  const lost = useLost();
  const now = useNow();
  const heard = useEngine((state) => state.heard);
  const dataset = status.current_dataset;
  const done = status.step_of_dataset;
  const of = status.steps_of_dataset;
  if (dataset === null || done === null || of === null || of === 0) {
    const { waiting } = queued(datasets);
    return (
      <div className={classNames(styles.cell, styles.dataset)}>
        <div className={styles.nameLine}>
          <span className={classNames(textStyles.ellipsis, textStyles.secondary)}>
            {dataset === null ? 'No dataset is training' : dataset.name}
          </span>
        </div>
        <div className={styles.stepLine}>
          <span className={classNames(textStyles.number, textStyles.ellipsis)}>
            {waiting === 0 ? 'queue is empty' : `${count(waiting)} waiting in the queue`}
          </span>
        </div>
      </div>
    );
  }
  // Checkpoints count steps of the branch, datasets count their own.
  const before = (status.current_step ?? done) - done;
  const saved =
    status.last_checkpoint_step === null
      ? 0
      : Math.min(done, Math.max(0, status.last_checkpoint_step - before));
  const steps = `step ${count(done)} of ${count(of)}, saved to ${count(saved)}`;
  const share = (done / of) * 100;
  const moving = ['training', 'evaluating', 'saving', 'stopping'].includes(status.state);
  const left = lost
    ? `as of ${clockSeconds(heard / 1000)}`
    : !moving
      ? `finishes at ${UNKNOWN}`
      : leftText(status, now / 1000);
  return (
    <div className={classNames(styles.cell, styles.dataset)}>
      <div className={classNames(styles.nameLine, layoutStyles.spaceBetween)}>
        <span className={classNames(textStyles.ellipsis, textStyles.strong)} title={dataset.name}>
          {shortName(dataset.name, 48)}
        </span>
        <span className={classNames(textStyles.number, textStyles.strong)}>{percent(share)}</span>
      </div>
      <div
        className={controlStyles.progressBar}
        role="progressbar"
        aria-label="Dataset progress"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 10) / 10}
      >
        <i className={controlStyles.unsavedPart} style={{ width: `${String(share)}%` }} />
        <i style={{ width: `${String((saved / of) * 100)}%` }} />
      </div>
      <div className={styles.stepLine}>
        <span
          className={classNames(textStyles.number, textStyles.ellipsis)}
          title={`${steps}. Bright: saved in a verified checkpoint; dim: not saved yet`}
        >
          {steps}
        </span>
        <span className={textStyles.number}>{left}</span>
      </div>
    </div>
  );
}

function leftText(status: Pick<TrainingStatus, 'eta_seconds' | 'eta_range'>, now: number): string {
  const left = timeLeft(status);
  return left === null || status.eta_seconds === null
    ? 'estimating'
    : `${left} left, finishes at ${clock(now + status.eta_seconds, now)}`;
}

export function Header({ onStop }: { readonly onStop: () => void }): ReactElement {
  const facts = useRoom('engine');
  return (
    <header className={styles.header}>
      <div className={styles.brand}>
        <Logo />
        <div className={textStyles.ellipsis}>
          <b>Nightshift</b>
          <span
            className={classNames(textStyles.caption, textStyles.ellipsis)}
            title={facts.workspace}
          >
            {facts.workspace_name}
          </span>
        </div>
      </div>
      <StateCell />
      <ModelCell />
      <DatasetCell />
      <Gauges />
      <Controls onStop={onStop} />
    </header>
  );
}
