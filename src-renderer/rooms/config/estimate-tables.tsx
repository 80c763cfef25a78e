/** The time, steps and disk space of an estimate, and batch sizes to compare. */
import type { ReactElement } from 'react';
import type { EstimateAnswer } from '../../../src-main/contract/index.ts';
import { bytes, count, duration, plural, UNKNOWN } from '../../kit/format.ts';
import { Verdict } from '../../kit/verdict.tsx';
import { gigabytes } from './estimate-memory.tsx';
import { timeText } from './estimate-text.ts';

export function BatchSizes({
  answer,
  batch,
}: {
  readonly answer: EstimateAnswer;
  readonly batch: number;
}): ReactElement {
  return (
    <table className="elevels num" aria-label="Batch sizes compared">
      <thead>
        <tr>
          <th>Batch</th>
          <th className="n">Steps</th>
          <th className="n">Per step</th>
          <th className="n">Memory</th>
          <th>Verdict</th>
        </tr>
      </thead>
      <tbody>
        {answer.levels.map((level) => (
          <tr key={level.batch_size} className={level.batch_size === batch ? 'strong' : ''}>
            <td>{count(level.batch_size)}</td>
            <td className="n">{level.steps === null ? UNKNOWN : count(level.steps)}</td>
            <td className="n">{duration(level.seconds_per_step)}</td>
            <td className="n">{gigabytes(level.memory)}</td>
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
    <dl className="epair num">
      <div>
        <dt className="label">Steps</dt>
        <dd>
          <b>{changed.steps === null ? UNKNOWN : count(changed.steps)}</b>
          <span className="micro">
            {changed.steps === null
              ? 'no dataset queued'
              : `about ${duration(changed.time.seconds_per_step)} per step`}
            {changed.steps !== now.steps && now.steps !== null ? `, now ${count(now.steps)}` : ''}
          </span>
        </dd>
      </div>
      <div>
        <dt className="label">Time</dt>
        <dd>
          <b>
            {changed.time.seconds === null ? UNKNOWN : `about ${duration(changed.time.seconds)}`}
          </b>
          <span className="micro">
            {differs && wasSeconds !== null ? `now ${duration(wasSeconds)}, ` : ''}
            {timeText(changed.time.certainty)}
          </span>
        </dd>
      </div>
      <div>
        <dt className="label">Disk</dt>
        <dd>
          <b>{bytes(disk.bytes)}</b>{' '}
          <span className="micro">
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
        <dt className="label">Whole queue</dt>
        <dd>
          <b>{queue.datasets === 0 ? 'empty' : `about ${duration(queue.seconds)}`}</b>
          <span className="micro">
            {queue.datasets === 0
              ? 'no dataset ready'
              : `${plural(queue.datasets, 'dataset')}, ${plural(queue.steps, 'step')}`}
          </span>
        </dd>
      </div>
    </dl>
  );
}
