/** Stops training: the consequences of each option, then confirmation. */
import { Modal, Radio } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import {
  type TrainingStatus,
  type UnsavedSteps,
  unsavedText,
} from '../../src-main/contract/index.ts';
import { command, useRoom } from '../engine/index.ts';
import { DialogFooter } from '../kit/dialog-footer.tsx';
import { clock, count, plural, timeLeft, UNKNOWN } from '../kit/format.ts';
import { useNowSeconds } from '../kit/now.ts';
import tableStyles from '../kit/styles/tables.module.css';
import textStyles from '../kit/styles/text.module.css';

type StopOption = 'after' | 'now' | 'skip' | 'discard';

export function StopDialog({
  opened,
  onClose,
}: {
  readonly opened: boolean;
  readonly onClose: () => void;
}): ReactElement {
  return (
    <Modal opened={opened} onClose={onClose} title="Stop training" size={640}>
      {opened ? <StopOptions onClose={onClose} /> : null}
    </Modal>
  );
}

interface Choice {
  readonly id: StopOption;
  readonly what: string;
  readonly stops: string;
  readonly stays: string;
  readonly button: string;
}

/** What each option does; `now` in seconds since the epoch. */
function choicesOf(status: TrainingStatus, now: number): readonly Choice[] {
  const left =
    status.steps_of_dataset === null || status.step_of_dataset === null
      ? null
      : status.steps_of_dataset - status.step_of_dataset;
  const leftText = left === null ? UNKNOWN : count(left);
  const eta = status.eta_seconds;
  return [
    {
      id: 'after',
      what: 'After this dataset',
      stops:
        eta === null
          ? 'estimating'
          : `in ${timeLeft(status) ?? UNKNOWN}, at ${clock(now + eta, now)}`,
      stays: 'nothing; the next dataset waits',
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
      stops: 'at the next step; the next dataset starts',
      stays: `${leftText} steps move to skipped`,
      button: 'Skip this dataset',
    },
    ...(status.unsaved === null ? [] : [discardChoice(status.unsaved)]),
  ];
}

/** Only while a checkpoint can't be saved: every other option waits for the save. */
function discardChoice({ step, saved_step: saved }: UnsavedSteps): Choice {
  const steps = plural(step - (saved ?? 0), 'step');
  return {
    id: 'discard',
    what: 'Now, without a checkpoint',
    stops: 'at once',
    stays: `${steps} after ${saved === null ? 'the start' : `step ${count(saved)}`} will be trained again`,
    button: 'Stop without saving',
  };
}

function StopOptions({ onClose }: { readonly onClose: () => void }): ReactElement {
  const status = useRoom('status');
  const now = useNowSeconds();
  const [option, setOption] = useState<StopOption>('after');
  const name = status.current_dataset?.name ?? 'the dataset';
  const rows = choicesOf(status, now);
  const chosen = rows.find((row) => row.id === option);
  const confirm = (): void => {
    const by = 'you (window)';
    onClose();
    void command((engine) =>
      option === 'skip'
        ? engine.training.skip({ by })
        : engine.training.stop({
            now: option !== 'after',
            ...(option === 'discard' ? { discard: true } : {}),
            by,
          }),
    );
  };
  return (
    <>
      <p className={textStyles.secondary} style={{ marginBottom: 12 }}>
        {name} is at step {count(status.step_of_dataset ?? 0)} of{' '}
        {status.steps_of_dataset === null ? UNKNOWN : count(status.steps_of_dataset)}.{' '}
        {status.unsaved === null
          ? 'Every option keeps what was trained; the rest can be trained later.'
          : `Saving doesn't work: ${unsavedText(status.unsaved)}.`}
      </p>
      <table className={tableStyles.choices}>
        <thead>
          <tr>
            <th>
              <span className={textStyles.visuallyHidden}>Choice</span>
            </th>
            <th>Stop</th>
            <th>When</th>
            <th>Not trained</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={row.id}
              className={row.id === option ? tableStyles.chosen : undefined}
              onClick={() => {
                setOption(row.id);
              }}
            >
              <td>
                <Radio
                  name="stop"
                  aria-label={row.what}
                  checked={row.id === option}
                  onChange={() => {
                    setOption(row.id);
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
      <DialogFooter confirm={chosen?.button} onConfirm={confirm} onCancel={onClose} />
    </>
  );
}
