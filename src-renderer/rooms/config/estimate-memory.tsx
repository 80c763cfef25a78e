/** The memory of an estimate: total, bar and parts. */
import type { ReactElement } from 'react';
import type { EstimateAnswer } from '../../../src-main/contract/index.ts';
import { memory, plural } from '../../kit/format.ts';
import { Verdict } from '../../kit/verdict.tsx';
import { fittingText, partRows } from './estimate-text.ts';

const MiB = 1024 * 1024;
/** Bytes as gigabytes of the driver, powers of two. */
export const gigabytes = (value: number): string => memory(value / MiB);

/** A bar of the memory parts up to the device's total, with a tick at 75 %, where the verdict becomes Tight. */
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
        <div className="ememt micro num">
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
      <div className="base sp">
        <h2 className="label">
          {next.device === 'gpu' ? 'GPU memory' : 'Memory'} with these settings
        </h2>
        <Verdict verdict={next.verdict} />
      </div>
      <div className="base">
        <span className="ebig num">{gigabytes(next.bytes)}</span>
        <span className="t2 num">
          {next.total === null ? 'of unknown total' : `of ${gigabytes(next.total)}`}
          {differs ? `, now ${gigabytes(before)}` : ''}
        </span>
      </div>
      <MemoryBar answer={answer} />
      <table className="eparts num" aria-label="Memory by part">
        <tbody>
          {partRows(answer).map((partRow) => (
            <tr key={partRow.part}>
              <td>
                <i className={partRow.shade} />
                {partRow.label}
              </td>
              <td className="n strong">{gigabytes(partRow.bytes)}</td>
              <td className="n t3">{differs ? gigabytes(partRow.before) : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="micro">Micro-batches of up to {plural(next.tokens_at_once, 'token')}.</p>
      {answer.fitting === null ? null : (
        <p className="micro">{fittingText(answer.fitting, gigabytes)}</p>
      )}
    </>
  );
}
