/** What a change with consequences comes to: what it does, and what it costs in rows, steps, memory and time. */
import type { ReactElement } from 'react';
import type { EstimateAnswer, PassEstimate } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, duration, memory, plural, UNKNOWN } from '../../kit/format.ts';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Verdict } from '../../kit/verdict.tsx';
import { shown, titleOf, type Pending } from './edits.ts';

const MiB = 1024 * 1024;
const whole = (value: number | null): string => (value === null ? UNKNOWN : count(value));

/** A name costs nothing. */
const costs = (consents: readonly Pending[]): boolean =>
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
      className={classNames(tableStyles.choices, textStyles.number, 'consequences')}
      aria-label="What it costs"
    >
      <thead>
        <tr>
          <th>{estimate.dataset?.name ?? 'The longest rows'}, about</th>
          <th className={tableStyles.numberCell}>now</th>
          <th className={tableStyles.numberCell}>then</th>
        </tr>
      </thead>
      <tbody>
        {row('Rows over the length', (estimate) => whole(estimate.rows_over))}
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
      <table className={classNames(tableStyles.choices, 'consequences')}>
        <thead>
          <tr>
            <th>If you change</th>
            <th>from, to</th>
            <th>Then</th>
          </tr>
        </thead>
        <tbody>
          {consents.map((consent) => (
            <tr key={consent.key}>
              <td className={textStyles.strong}>{titleOf(consent.key)}</td>
              <td className={textStyles.mono}>
                {shown(consent.before)}, {shown(consent.after)}
              </td>
              <td className={classNames(textStyles.secondary, 'wrap')}>{consent.consent}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {estimate !== null && costs(consents) ? (
        <>
          <Cost estimate={estimate} />
          {estimate.queue.datasets === 0 ? null : (
            <p className={classNames(textStyles.caption, textStyles.number)}>
              {plural(estimate.queue.datasets, 'dataset')} in the queue:{' '}
              {plural(estimate.queue.rows_over, 'row')} over the length,{' '}
              {plural(estimate.queue.steps, 'step')}, about {duration(estimate.queue.seconds)}.
            </p>
          )}
        </>
      ) : null}
    </>
  );
}
