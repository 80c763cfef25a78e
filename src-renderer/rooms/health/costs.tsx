/** Monitoring overhead compared with its budget. */
import type { ReactElement } from 'react';
import type { MonitoringCosts } from '../../../src-main/contract/index.ts';
import { useAnswer, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { duration, percent, plural, UNKNOWN } from '../../kit/format.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './health.module.css';
import { useRefreshTimer } from './refresh-timer.ts';

const names: Readonly<Record<MonitoringCosts['parts'][number]['id'], string>> = {
  evaluation: 'Evaluation',
  preview: 'Previews',
  checkpoint_stall: 'Save stalls',
};

const share = (value: number | null): string => (value === null ? UNKNOWN : percent(value));

export function Costs(): ReactElement | null {
  const budget = useRoom('config').values.budget.monitoring_percent;
  const turn = useRefreshTimer(10_000);
  const { answer } = useAnswer(`costs|${String(turn)}|${String(budget)}`, (engine) =>
    engine.health.monitoring(),
  );
  if (answer === null) return null;
  const { trainer_percent: measured, budget_percent: of } = answer;
  const over = measured !== null && measured > of;
  return (
    <section aria-labelledby="health-costs">
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h2 className={textStyles.label} id="health-costs">
          Monitoring overhead
        </h2>
        <span className={textStyles.number}>
          <b className={classNames(textStyles.strong, over && textStyles.warning)}>
            {share(measured)}
          </b>{' '}
          <span className={textStyles.caption}>of training time, budget {percent(of, 0)}</span>
        </span>
      </div>
      <div
        className={classNames(controlStyles.progressBar, controlStyles.neutralBar)}
        role="meter"
        aria-label="Monitoring overhead"
        aria-valuemin={0}
        aria-valuemax={of}
        aria-valuenow={measured ?? 0}
        aria-valuetext={
          measured === null ? 'not measured yet' : `${percent(measured)} of ${percent(of, 0)}`
        }
      >
        <i style={{ width: `${String(Math.min(100, (100 * (measured ?? 0)) / of))}%` }} />
      </div>
      <table className={styles.overhead}>
        <tbody>
          {answer.parts.map((part) => (
            <tr key={part.id}>
              <td>{names[part.id]}</td>
              <td className={classNames(tableStyles.numberCell, textStyles.tertiary)}>
                {plural(part.times, 'time')}, {duration(part.seconds)}
              </td>
              <td className={tableStyles.numberCell}>{share(part.percent)}</td>
            </tr>
          ))}
          <tr>
            <td>Engine process</td>
            <td className={classNames(tableStyles.numberCell, textStyles.tertiary)}>
              of one CPU core
            </td>
            <td className={tableStyles.numberCell}>{share(answer.engine_percent)}</td>
          </tr>
        </tbody>
      </table>
      <p className={textStyles.caption}>
        {answer.run === null
          ? 'Not measured since the engine started.'
          : `Measured over ${duration(answer.measured_seconds)} of the last run.`}
      </p>
    </section>
  );
}
