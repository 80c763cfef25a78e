/** Stopping: what each way costs, then consent. */
import { Button, Modal, Radio } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import { command, useRoom } from '../engine/index.ts';
import { clock, count, duration, UNKNOWN } from '../kit/format.ts';
import { useNowSeconds } from '../kit/now.ts';
import layoutStyles from '../kit/styles/layout.module.css';
import tableStyles from '../kit/styles/tables.module.css';
import textStyles from '../kit/styles/text.module.css';

type Way = 'after' | 'now' | 'skip';

export function StopDialog({
  opened,
  onClose,
}: {
  readonly opened: boolean;
  readonly onClose: () => void;
}): ReactElement {
  return (
    <Modal opened={opened} onClose={onClose} title="Stop training" size={640}>
      {opened ? <Ways onClose={onClose} /> : null}
    </Modal>
  );
}

function Ways({ onClose }: { readonly onClose: () => void }): ReactElement {
  const status = useRoom('status');
  const now = useNowSeconds();
  const [way, setWay] = useState<Way>('after');
  const name = status.current_dataset?.name ?? 'the dataset';
  const left =
    status.steps_of_dataset === null || status.step_of_dataset === null
      ? null
      : status.steps_of_dataset - status.step_of_dataset;
  const leftText = left === null ? UNKNOWN : count(left);
  const eta = status.eta_seconds;
  const rows: readonly { id: Way; what: string; stops: string; stays: string; button: string }[] = [
    {
      id: 'after',
      what: 'After this dataset',
      stops: eta === null ? 'estimating' : `in ${duration(eta)}, at ${clock(now + eta, now)}`,
      stays: 'no steps; the next dataset waits',
      button: 'Stop after this dataset',
    },
    {
      id: 'now',
      what: 'Now, with a checkpoint',
      stops: 'at the next step',
      stays: `${leftText} steps stay in the queue`,
      button: 'Stop now',
    },
    {
      id: 'skip',
      what: 'Skip this dataset',
      stops: 'at the next step, the next one begins',
      stays: `${leftText} steps go to skipped`,
      button: 'Skip this dataset',
    },
  ];
  const chosen = rows.find((row) => row.id === way);
  const confirm = (): void => {
    const by = 'you (window)';
    onClose();
    void command((engine) =>
      way === 'skip'
        ? engine.training.skip({ by })
        : engine.training.stop({ now: way === 'now', by }),
    );
  };
  return (
    <>
      <p className={textStyles.secondary} style={{ marginBottom: 12 }}>
        {name} is at step {count(status.step_of_dataset ?? 0)} of{' '}
        {status.steps_of_dataset === null ? UNKNOWN : count(status.steps_of_dataset)}. Every way
        keeps what was trained, and the rest can be trained later.
      </p>
      <table className={tableStyles.choices}>
        <thead>
          <tr>
            <th>
              <span className={textStyles.visuallyHidden}>Choice</span>
            </th>
            <th>If you stop</th>
            <th>It stops</th>
            <th>Not trained</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={row.id}
              className={row.id === way ? tableStyles.chosen : undefined}
              onClick={() => {
                setWay(row.id);
              }}
            >
              <td>
                <Radio
                  name="stop"
                  aria-label={row.what}
                  checked={row.id === way}
                  onChange={() => {
                    setWay(row.id);
                  }}
                />
              </td>
              <td className={textStyles.strong}>{row.what}</td>
              <td className={textStyles.secondary}>{row.stops}</td>
              <td className={textStyles.secondary}>{row.stays}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className={layoutStyles.dialogFooter}>
        <span className={layoutStyles.grow} />
        <Button size="md" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button size="md" variant="filled" onClick={confirm}>
          {chosen?.button}
        </Button>
      </div>
    </>
  );
}
