/** The time, steps and disk space of an estimate, and batch sizes to compare. */
import type { ReactElement } from 'react';
import type { EstimateAnswer } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { bytes, count, duration, plural, UNKNOWN } from '../../kit/format.ts';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Verdict } from '../../kit/verdict.tsx';
import { gigabytes } from './estimate-memory.tsx';
import { timeText } from './estimate-text.ts';
import styles from './estimate.module.css';

export function BatchSizes({
  answer,
  batch,
}: {
  readonly answer: EstimateAnswer;
  readonly batch: number;
}): ReactElement {
  return (
    <table
      className={classNames(styles.batchSizes, textStyles.number)}
      aria-label="Batch sizes compared"
    >
      <thead>
        <tr>
          <th>Batch</th>
          <th className={tableStyles.numberCell}>Steps</th>
          <th className={tableStyles.numberCell}>Per step</th>
          <th className={tableStyles.numberCell}>Memory</th>
          <th>Verdict</th>
        </tr>
      </thead>
      <tbody>
        {answer.levels.map((level) => (
          <tr
            key={level.batch_size}
            className={level.batch_size === batch ? textStyles.strong : undefined}
          >
            <td>{count(level.batch_size)}</td>
            <td className={tableStyles.numberCell}>
              {level.steps === null ? UNKNOWN : count(level.steps)}
            </td>
            <td className={tableStyles.numberCell}>{duration(level.seconds_per_step)}</td>
            <td className={tableStyles.numberCell}>{gigabytes(level.memory)}</td>
            <td>
              <Verdict verdict={level.verdict} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function EstimatedRun({ answer }: { readonly answer: EstimateAnswer }): ReactElement {
  const { now, changed, queue } = answer;
  const wasSeconds = now.time.seconds;
  const { disk } = changed;
  const differs = Math.abs((changed.time.seconds ?? 0) - (wasSeconds ?? 0)) > 1;
  return (
    <dl className={classNames(styles.facts, textStyles.number)}>
      <div>
        <dt className={textStyles.label}>Steps</dt>
        <dd>
          <b>{changed.steps === null ? UNKNOWN : count(changed.steps)}</b>
          <span className={textStyles.caption}>
            {changed.steps === null
              ? 'no dataset queued'
              : `about ${duration(changed.time.seconds_per_step)} per step`}
            {changed.steps !== now.steps && now.steps !== null ? `, now ${count(now.steps)}` : ''}
          </span>
        </dd>
      </div>
      <div>
        <dt className={textStyles.label}>Time</dt>
        <dd>
          <b>
            {changed.time.seconds === null ? UNKNOWN : `about ${duration(changed.time.seconds)}`}
          </b>
          <span className={textStyles.caption}>
            {differs && wasSeconds !== null ? `now ${duration(wasSeconds)}, ` : ''}
            {timeText(changed.time.certainty)}
          </span>
        </dd>
      </div>
      <div>
        <dt className={textStyles.label}>Disk</dt>
        <dd>
          <b>{bytes(disk.bytes)}</b>{' '}
          <span className={textStyles.caption}>
            more;{' '}
            {disk.room === null
              ? 'free space unknown'
              : `${bytes(disk.room)} free above the minimum`}
            ; {count(disk.checkpoints_kept)} checkpoints of {bytes(disk.checkpoint_bytes)}
          </span>
          <Verdict verdict={disk.verdict} />
        </dd>
      </div>
      <div>
        <dt className={textStyles.label}>Whole queue</dt>
        <dd>
          <b>{queue.datasets === 0 ? 'empty' : `about ${duration(queue.seconds)}`}</b>
          <span className={textStyles.caption}>
            {queue.datasets === 0
              ? 'no dataset ready'
              : `${plural(queue.datasets, 'dataset')}, ${plural(queue.steps, 'step')}`}
          </span>
        </dd>
      </div>
    </dl>
  );
}
