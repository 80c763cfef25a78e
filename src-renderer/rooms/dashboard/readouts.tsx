/**
 * Training loss, the two validation losses and the gap as large numbers. They are the legend of the
 * chart below, whose labels repeat them. The training loss is always the one that the gap refers to;
 * the slider smooths only the drawn line.
 */
import type { ReactElement } from 'react';
import {
  type Measured,
  type TrainingStatus,
  VALIDATION_DATASET,
  VALIDATION_FIXED,
} from '../../../src-main/contract/index.ts';
import { useEngine, useLost, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { age, count, loss, signed, UNKNOWN, weightsText } from '../../kit/format.ts';
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

/**
 * The gap is that of the last evaluation, so its two losses are named. It is computed from the
 * rounded losses: what is shown subtracts.
 */
function gapText(status: TrainingStatus): { readonly value: string; readonly note: string } {
  const { val_train_gap: gap, validation_dataset: validation } = status;
  const training = status.training_loss_at_evaluation;
  if (gap === null || validation == null)
    return { value: UNKNOWN, note: status.missing?.gap ?? 'no evaluation yet' };
  const range = gap.value < 0.3 ? 'below 0.3' : 'above 0.3';
  if (training == null) return { value: signed(gap.value), note: range };
  const rounded = (value: number): number => Math.round(value * 1000) / 1000;
  return {
    value: signed(rounded(validation.value) - rounded(training.value)),
    note: `${loss(validation.value)} − ${loss(training.value)} at ${count(gap.step)}, ${range}`,
  };
}

function validationText(
  measured: Measured | undefined,
  reason: string | null | undefined,
  now: number,
  weights: string | null,
): { readonly value: string; readonly note: string } {
  return measured == null
    ? { value: UNKNOWN, note: reason ?? 'no evaluation yet' }
    : {
        value: loss(measured.value),
        note: weights === null ? at(measured, now) : `${at(measured, now)}, ${weights}`,
      };
}

export function Readouts(): ReactElement {
  const status = useRoom('status');
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
  const tone = lost ? 'stale' : '';
  const { missing } = status;
  const weights = weightsText(status.evaluation_precision);
  return (
    <>
      <Readout name="Training loss" {...training} />
      <Readout
        name={VALIDATION_DATASET}
        {...validationText(status.validation_dataset, missing?.validation_dataset, now, weights)}
        tone={tone}
      />
      <Readout name="Gap" {...gapText(status)} tone={tone} />
      <Readout
        name={VALIDATION_FIXED}
        {...validationText(status.validation_fixed, missing?.validation_fixed, now, weights)}
        tone={tone}
      />
    </>
  );
}
