/** The consequences of a change: its effect, and its cost in rows, steps, memory and time. */
import type { ReactElement } from 'react';
import {
  refusedText,
  type EstimateAnswer,
  type PassEstimate,
} from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, duration, memory, plural, UNKNOWN } from '../../kit/format.ts';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Verdict } from '../../kit/verdict.tsx';
import styles from './config.module.css';
import { shown, titleOf, type Pending } from './edits.ts';

const MiB = 1024 * 1024;
const whole = (value: number | null): string => (value === null ? UNKNOWN : count(value));

/** Renaming the model costs nothing. */
const hasCost = (consents: readonly Pending[]): boolean =>
  consents.some((consent) => consent.key !== 'model_name');

function Cost({ estimate }: { readonly estimate: EstimateAnswer }): ReactElement {
  const row = (label: string, pick: (estimate: PassEstimate) => string): ReactElement => (
    <tr key={label}>
      <td className={textStyles.strong}>{label}</td>
      <td className={tableStyles.numberCell}>{pick(estimate.now)}</td>
      <td className={classNames(tableStyles.numberCell, textStyles.strong)}>
        {pick(estimate.changed)}
      </td>
    </tr>
  );
  return (
    <table
      className={classNames(tableStyles.choices, textStyles.number, styles.cost)}
      aria-label="Cost"
    >
      <thead>
        <tr>
          <th>{estimate.dataset?.name ?? 'Longest rows'}, estimated</th>
          <th className={tableStyles.numberCell}>now</th>
          <th className={tableStyles.numberCell}>after</th>
        </tr>
      </thead>
      <tbody>
        {row('Rows over max_length', (estimate) => whole(estimate.rows_over))}
        {row('Rows trained', (estimate) => whole(estimate.trained_rows))}
        {row('Steps', (estimate) => whole(estimate.steps))}
        {row('Time', (estimate) =>
          estimate.time.seconds === null ? UNKNOWN : duration(estimate.time.seconds),
        )}
        <tr>
          <td className={textStyles.strong}>Memory</td>
          <td className={tableStyles.numberCell}>{memory(estimate.now.memory.bytes / MiB)}</td>
          <td className={classNames(tableStyles.numberCell, textStyles.strong)}>
            {memory(estimate.changed.memory.bytes / MiB)}{' '}
            <Verdict verdict={estimate.changed.memory.verdict} />
          </td>
        </tr>
      </tbody>
    </table>
  );
}

export function Consequences({
  consents,
  estimate,
}: {
  readonly consents: readonly Pending[];
  readonly estimate: EstimateAnswer | null;
}): ReactElement {
  return (
    <>
      <table className={tableStyles.choices}>
        <thead>
          <tr>
            <th>Setting</th>
            <th>Change</th>
            <th>Effect</th>
          </tr>
        </thead>
        <tbody>
          {consents.map((consent) => (
            <tr key={consent.key}>
              <td className={textStyles.strong}>{titleOf(consent.key)}</td>
              <td className={textStyles.mono}>
                {shown(consent.before)} → {shown(consent.after)}
              </td>
              <td className={textStyles.secondary}>{consent.consent}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {estimate !== null && hasCost(consents) ? (
        <>
          <Cost estimate={estimate} />
          {estimate.queue.datasets === 0 ? null : (
            <p className={classNames(textStyles.caption, textStyles.number)}>
              {plural(estimate.queue.datasets, 'dataset')} in the queue:{' '}
              {plural(estimate.queue.rows_over, 'row')} over max_length,{' '}
              {plural(estimate.queue.steps, 'step')}, about {duration(estimate.queue.seconds)}.
            </p>
          )}
          {estimate.queue.refused.length === 0 ? null : (
            <p className={textStyles.warning}>
              Refuses {refusedText(estimate.queue.refused)}. With over_length drop or truncate these
              files are trained without the longer rows, or with their beginning.
            </p>
          )}
        </>
      ) : null}
    </>
  );
}
