/** What the next pass takes with these settings: memory, steps, time, disk, the batch sizes side by side; asked while typing. */
import { NativeSelect } from '@mantine/core';
import { useEffect, useState, type ReactElement } from 'react';
import type {
  ConfigState,
  DatasetSummary,
  EstimateAnswer,
} from '../../../src-main/contract/index.ts';
import { useAnswer, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { bytes, count, duration, memory, plural, UNKNOWN } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Verdict } from '../../kit/verdict.tsx';
import type { Pending } from './edits.ts';
import { fittingText, partRows, recordText, timeText } from './estimate-text.ts';
import './estimate.css';

const MiB = 1024 * 1024;
const gigabytes = (value: number): string => memory(value / MiB);

/** A bar of the parts up to what the device has; the tick stands at three quarters, where tight begins. */
function MemoryBar({ answer }: { readonly answer: EstimateAnswer }): ReactElement {
  const { bytes: needed, total } = answer.changed.memory;
  const scale = Math.max(needed, total ?? needed);
  return (
    <>
      <div
        className="emem"
        role="img"
        aria-label={`${gigabytes(needed)}${total === null ? '' : ` of ${gigabytes(total)}`}`}
      >
        {partRows(answer).map((partRow) => (
          <i
            key={partRow.part}
            style={{ width: `${String((partRow.bytes / scale) * 100)}%` }}
            className={partRow.shade}
          />
        ))}
        {total === null ? null : (
          <u style={{ left: `${String(((total * 0.75) / scale) * 100)}%` }} />
        )}
      </div>
      {total === null ? null : (
        <div className={classNames('ememt', textStyles.caption, textStyles.number)}>
          <span>0</span>
          <span style={{ left: `${String(((total * 0.75) / scale) * 100)}%` }}>
            75 % fits to here
          </span>
        </div>
      )}
    </>
  );
}

function Memory({ answer }: { readonly answer: EstimateAnswer }): ReactElement {
  const { memory: next } = answer.changed;
  const before = answer.now.memory.bytes;
  const differs = Math.abs(next.bytes - before) > 0.005 * before;
  return (
    <>
      <div
        className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween, 'memory-heading')}
      >
        <h2 className={textStyles.label}>
          {next.device === 'gpu' ? 'GPU memory' : 'Memory'} with these settings
        </h2>
        <Verdict verdict={next.verdict} />
      </div>
      <div className={classNames(layoutStyles.baseline, 'memory-total')}>
        <span className={classNames('ebig', textStyles.number)}>{gigabytes(next.bytes)}</span>
        <span className={classNames(textStyles.secondary, textStyles.number, 'total')}>
          {next.total === null ? 'of an unknown total' : `of ${gigabytes(next.total)}`}
          {differs ? `, now ${gigabytes(before)}` : ''}
        </span>
      </div>
      <MemoryBar answer={answer} />
      <table className={classNames('eparts', textStyles.number)} aria-label="Parts of the memory">
        <tbody>
          {partRows(answer).map((partRow) => (
            <tr key={partRow.part}>
              <td>
                <i className={partRow.shade} />
                {partRow.label}
              </td>
              <td className={classNames(tableStyles.numberCell, textStyles.strong)}>
                {gigabytes(partRow.bytes)}
              </td>
              <td className={classNames(tableStyles.numberCell, textStyles.tertiary)}>
                {differs ? gigabytes(partRow.before) : ''}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={textStyles.caption}>
        {plural(next.tokens_at_once, 'token')} at once; the batch is worked on in parts of that
        size.
      </p>
      {answer.fitting === null ? null : (
        <p className={textStyles.caption}>{fittingText(answer.fitting, gigabytes)}</p>
      )}
    </>
  );
}

function Levels({ answer, batch }: { readonly answer: EstimateAnswer; readonly batch: number }) {
  return (
    <table className={classNames('elevels', textStyles.number)} aria-label="Levels side by side">
      <thead>
        <tr>
          <th>Batch</th>
          <th className={tableStyles.numberCell}>Steps</th>
          <th className={tableStyles.numberCell}>A step</th>
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

function Pass({ answer }: { readonly answer: EstimateAnswer }): ReactElement {
  const { now, changed, queue } = answer;
  const wasSeconds = now.time.seconds;
  const { disk } = changed;
  const differs = Math.abs((changed.time.seconds ?? 0) - (wasSeconds ?? 0)) > 1;
  return (
    <dl className={classNames('epair', textStyles.number)}>
      <div>
        <dt className={textStyles.label}>Steps</dt>
        <dd>
          <b>{changed.steps === null ? UNKNOWN : count(changed.steps)}</b>
          <span className={textStyles.caption}>
            {changed.steps === null
              ? 'no dataset waits'
              : `${duration(changed.time.seconds_per_step)} each, about`}
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
            more, {disk.room === null ? 'room unknown' : `${bytes(disk.room)} above the floor`};{' '}
            checkpoint {bytes(disk.checkpoint_bytes)}, {count(disk.checkpoints_kept)} kept
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
              ? 'no dataset is ready'
              : `${plural(queue.datasets, 'dataset')}, ${plural(queue.steps, 'step')}`}
          </span>
        </dd>
      </div>
    </dl>
  );
}

/** The answer for what is typed now; the last one stays until the next is there. */
export function useEstimate(
  pending: readonly Pending[],
  state: ConfigState,
  dataset: string | null,
): EstimateAnswer | null {
  const datasets = useRoom('datasets');
  const changes = Object.fromEntries(
    pending
      .filter((pending) => pending.problem === null)
      .map((pending) => [pending.key, pending.after]),
  );
  const waits = datasets
    .filter((dataset) => dataset.place === 'queue' || dataset.place === 'processing')
    .map((dataset) => `${dataset.id} ${dataset.verdict}`)
    .join();
  const wanted = `${dataset ?? ''}|${JSON.stringify([changes, state.values, state.staged])}|${waits}`;
  const [settled, setSettled] = useState(wanted);
  useEffect(() => {
    const timer = setTimeout(() => {
      setSettled(wanted);
    }, 120);
    return () => {
      clearTimeout(timer);
    };
  }, [wanted]);
  const { answer } = useAnswer(state.values.base_model === '' ? null : settled, (engine) =>
    engine.config.estimate({ changes, dataset }),
  );
  return answer;
}

const canBeMeant = (dataset: DatasetSummary): boolean =>
  (dataset.place === 'queue' || dataset.place === 'processing') && dataset.planned_steps !== null;

export function Estimate({
  answer,
  batch,
  dataset,
  onDataset,
}: {
  readonly answer: EstimateAnswer | null;
  /** The batch size that is typed. */
  readonly batch: number;
  readonly dataset: string | null;
  readonly onDataset: (id: string | null) => void;
}): ReactElement {
  const datasets = useRoom('datasets').filter(canBeMeant);
  if (answer === null)
    return (
      <section className="estimate" aria-label="Estimate">
        <h2 className={textStyles.label}>Estimate</h2>
        <p className={textStyles.secondary}>
          There is no estimate before a base model is chosen; its shape decides the memory.
        </p>
      </section>
    );
  return (
    <section className="estimate" aria-label="Estimate">
      <NativeSelect
        size="xs"
        label="Estimate for"
        value={dataset ?? ''}
        data={[
          {
            value: '',
            label:
              dataset === null && answer.dataset !== null
                ? `next: ${answer.dataset.name}`
                : 'the next dataset',
          },
          ...datasets.map((dataset) => ({ value: dataset.id, label: dataset.name })),
        ]}
        onChange={(event) => {
          const { value } = event.currentTarget;
          onDataset(value === '' ? null : value);
        }}
      />
      <Memory answer={answer} />
      <Pass answer={answer} />
      <Levels answer={answer} batch={batch} />
      {(answer.changed.rows_over ?? 0) === 0 ? null : (
        <p className={textStyles.warning}>
          About {plural(answer.changed.rows_over ?? 0, 'row')} of {answer.dataset?.name} are longer
          than max_length.
        </p>
      )}
      <p className={textStyles.caption}>{recordText(answer.record)}</p>
    </section>
  );
}
