/** The memory of an estimate: total, bar and parts. */
import type { ReactElement } from 'react';
import type { EstimateAnswer } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { memory, plural } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Verdict } from '../../kit/verdict.tsx';
import { fittingText, partRows } from './estimate-text.ts';
import styles from './estimate.module.css';

const MiB = 1024 * 1024;
/** Bytes as gigabytes of the driver, powers of two. */
export const gigabytes = (value: number): string => memory(value / MiB);

/**
 * A bar of the memory parts up to the device's total, with a tick at 75 %, where the verdict
 * becomes Tight.
 */
function MemoryBar({ answer }: { readonly answer: EstimateAnswer }): ReactElement {
  const { bytes: needed, total } = answer.changed.memory;
  const scale = Math.max(needed, total ?? needed);
  return (
    <>
      <div
        className={styles.memoryBar}
        role="img"
        aria-label={`${gigabytes(needed)}${total === null ? '' : ` of ${gigabytes(total)}`}`}
      >
        {partRows(answer).map((partRow) => (
          <i
            key={partRow.part}
            style={{ width: `${String((partRow.bytes / scale) * 100)}%` }}
            className={styles[partRow.shade]}
          />
        ))}
        {total === null ? null : (
          <u style={{ left: `${String(((total * 0.75) / scale) * 100)}%` }} />
        )}
      </div>
      {total === null ? null : (
        <div className={classNames(styles.memoryScale, textStyles.caption, textStyles.number)}>
          <span>0</span>
          <span style={{ left: `${String(((total * 0.75) / scale) * 100)}%` }}>75 % limit</span>
        </div>
      )}
    </>
  );
}

export function EstimatedMemory({ answer }: { readonly answer: EstimateAnswer }): ReactElement {
  const { memory: next } = answer.changed;
  const before = answer.now.memory.bytes;
  const differs = Math.abs(next.bytes - before) > 0.005 * before;
  return (
    <>
      <div
        className={classNames(
          layoutStyles.baseline,
          layoutStyles.spaceBetween,
          styles.memoryHeading,
        )}
      >
        <h2 className={textStyles.label}>
          {next.device === 'gpu' ? 'GPU memory' : 'Memory'} with these settings
        </h2>
        <Verdict verdict={next.verdict} />
      </div>
      <div className={classNames(layoutStyles.baseline, styles.memoryTotal)}>
        <span className={classNames(styles.bigNumber, textStyles.number)}>
          {gigabytes(next.bytes)}
        </span>
        <span className={classNames(textStyles.secondary, textStyles.number, styles.total)}>
          {next.total === null ? 'of unknown total' : `of ${gigabytes(next.total)}`}
          {differs ? `, now ${gigabytes(before)}` : ''}
        </span>
      </div>
      <MemoryBar answer={answer} />
      <table className={classNames(styles.parts, textStyles.number)} aria-label="Memory by part">
        <tbody>
          {partRows(answer).map((partRow) => (
            <tr key={partRow.part}>
              <td>
                <i className={styles[partRow.shade]} />
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
        Micro-batches of up to {plural(next.tokens_at_once, 'token')}.
      </p>
      {answer.fitting === null ? null : (
        <p className={textStyles.caption}>{fittingText(answer.fitting, gigabytes)}</p>
      )}
    </>
  );
}
