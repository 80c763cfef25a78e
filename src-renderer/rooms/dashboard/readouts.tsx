/**
 * Training loss, validation loss and their gap as large numbers. They are the legend of the chart
 * below.
 */
import type { ReactElement } from 'react';
import type { Measured } from '../../../src-main/contract/index.ts';
import { useEngine, useLost, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { age, count, loss, signed, UNKNOWN } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import textStyles from '../../kit/styles/text.module.css';
import styles from './readouts.module.css';

/** Seconds after which a value without updates is shown as unknown. */
export const FORGET_S = 600;
/** Seconds after which a value that updates every step is shown as stale. */
export const STALE_S = 10;

export const at = (measured: NonNullable<Measured>, now: number): string =>
  `at ${count(measured.step)}, ${age(now - measured.t)}`;

function Readout({
  name,
  value,
  note,
  tone,
}: {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  readonly tone: 'accent' | 'stale' | '';
}): ReactElement {
  return (
    <div
      role="group"
      aria-label={name}
      className={classNames(styles.readout, tone === 'stale' && styles.stale)}
    >
      <h2 className={textStyles.label}>{name}</h2>
      <span
        className={classNames(
          styles.value,
          textStyles.number,
          tone === 'accent' && textStyles.accent,
        )}
        title={value === UNKNOWN ? note : undefined}
      >
        {value}
        {value === UNKNOWN ? <span className={textStyles.visuallyHidden}>{note}</span> : null}
      </span>
      <span className={classNames(textStyles.caption, textStyles.number)}>{note}</span>
    </div>
  );
}

/** The gap is that of the last evaluation, so the training loss it refers to is named. */
function gapNote(gap: NonNullable<Measured>, validation: Measured): string {
  const range = gap.value < 0.3 ? 'below 0.3' : 'above 0.3';
  if (validation?.step !== gap.step) return range;
  return `${range}, training ${loss(validation.value - gap.value)} at ${count(gap.step)}`;
}

export function Readouts(): ReactElement {
  const status = useRoom('status');
  const evalSteps = useRoom('config').values.eval_steps;
  const lost = useLost();
  const heard = useEngine((state) => state.heard);
  const now = useNowSeconds();
  const raw = status.loss;
  const smooth = status.loss_smoothed?.value;
  const running = ['training', 'evaluating', 'saving', 'stopping'].includes(status.state);
  const old = raw !== null && now - raw.t > STALE_S && (status.state === 'recovering' || lost);
  const training =
    raw === null || smooth === undefined
      ? { value: UNKNOWN, note: 'no step yet', tone: '' as const }
      : lost || old
        ? {
            value: now - raw.t > FORGET_S && lost ? UNKNOWN : loss(smooth),
            note: lost ? `last update ${age(now - heard / 1000)}` : at(raw, now),
            tone: 'stale' as const,
          }
        : running
          ? {
              value: loss(smooth),
              note: `raw ${loss(raw.value)}, this step`,
              tone: 'accent' as const,
            }
          : { value: loss(smooth), note: at(raw, now), tone: '' as const };
  const validation = status.validation_loss;
  const gap = status.val_train_gap;
  const first = `no evaluation yet, first at step ${count(Math.ceil(((status.current_step ?? 0) + 1) / evalSteps) * evalSteps)}`;
  return (
    <>
      <Readout name="Training loss" {...training} />
      <Readout
        name="Validation loss"
        value={validation === null ? UNKNOWN : loss(validation.value)}
        note={validation === null ? first : at(validation, now)}
        tone={lost ? 'stale' : ''}
      />
      <Readout
        name="Gap"
        value={gap === null ? UNKNOWN : signed(gap.value)}
        note={gap === null ? first : gapNote(gap, validation)}
        tone={lost ? 'stale' : ''}
      />
    </>
  );
}
