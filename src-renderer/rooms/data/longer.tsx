/** Rows beyond max_length: what each way costs, and raising it to the length that loses nothing, with consent. */
import { Button, Modal } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { DatasetReport, DatasetSummary } from '../../../src-main/contract/index.ts';
import { command, useLost, useRoom } from '../../engine/index.ts';
import { count } from '../../kit/format.ts';

const KEY = 'max_length';

/** null: every row fits, or the file was judged under a length that is no longer set. */
function lengthThatLosesNothing(report: DatasetReport, now: number): number | null {
  const wanted = report.max_length_loses_nothing;
  return wanted === null || wanted <= now || report.over_length === 0 ? null : wanted;
}

/** A file that was refused for its lengths is judged again; others that wait are anyway. */
async function raise(summary: DatasetSummary, value: number, stage: boolean): Promise<void> {
  const answer = await command((engine) =>
    engine.config.set({ key: KEY, value, confirm: KEY, stage, by: 'you (window)' }),
  );
  if (answer !== null && !stage && summary.place === 'failed')
    await command((engine) => engine.queue.retry({ id: summary.id }));
}

export function Longer({
  summary,
  report,
}: {
  readonly summary: DatasetSummary;
  readonly report: DatasetReport;
}): ReactElement | null {
  const config = useRoom('config');
  const lost = useLost();
  const [asking, setAsking] = useState(false);
  const limit = config.values.max_length;
  const wanted = lengthThatLosesNothing(report, limit);
  if (wanted === null) return null;
  const isLocked = KEY in config.locks;
  const isStaged = config.staged[KEY] === wanted;
  const kept = report.over_length - report.over_length_answer_lost;
  return (
    <div className="row longer">
      <span className="micro num">
        {count(report.over_length)} rows are longer than max_length {count(limit)}.{' '}
        {count(report.over_length_answer_lost)} of them would lose the whole answer when cut there.{' '}
        max_length {count(wanted)} loses nothing.
        {isStaged ? ' It is staged for the next dataset.' : ''}
      </span>
      <span className="fill" />
      <Button
        size="xs"
        disabled={lost || isStaged}
        onClick={() => {
          setAsking(true);
        }}
      >
        Use {count(wanted)} as max_length{isLocked ? ' for the next dataset' : ''}
      </Button>
      <Modal
        opened={asking}
        onClose={() => {
          setAsking(false);
        }}
        title={`max_length ${count(wanted)}`}
        size={640}
      >
        <table>
          <thead>
            <tr>
              <th>max_length</th>
              <th className="n">Rows of this file beyond it</th>
              <th className="n">Longest row in memory</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <td className="strong num">{count(limit)}, as now</td>
              <td className="n">
                {count(report.over_length)}
                <span className="t3"> ({count(kept)} could be cut)</span>
              </td>
              <td className="n">{count(limit)} tokens</td>
            </tr>
            <tr>
              <td className="strong num">{count(wanted)}</td>
              <td className="n">0</td>
              <td className="n">{count(wanted)} tokens</td>
            </tr>
          </tbody>
        </table>
        <p className="t2">
          Files that wait are validated again under the new length. A longer row needs more memory
          in a step.
          {isLocked
            ? ' max_length is locked while a dataset trains: the change is staged and applied before the next one.'
            : ''}
        </p>
        <div className="dialog-foot">
          <span className="grow" />
          <Button
            size="md"
            data-autofocus
            onClick={() => {
              setAsking(false);
            }}
          >
            Cancel
          </Button>
          <Button
            size="md"
            variant="filled"
            disabled={lost}
            onClick={() => {
              setAsking(false);
              void raise(summary, wanted, isLocked);
            }}
          >
            {isLocked ? 'Change from the next dataset' : 'Change now'}
          </Button>
        </div>
      </Modal>
    </div>
  );
}
