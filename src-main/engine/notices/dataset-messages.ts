/** Notices about datasets and the queue. Pure. */
import { count, duration, loss, plural } from '../../contract/format.ts';
import type { DatasetSummary } from '../../contract/index.ts';
import {
  decisionCondition,
  failedCondition,
  type NoticeText,
  refusedCondition,
} from './notice-text.ts';

export function datasetDone(facts: {
  readonly dataset: DatasetSummary;
  readonly planned: number;
  readonly done: number;
  readonly next: string | null;
}): NoticeText {
  const { dataset } = facts;
  const { validation_before: before, validation_after: after } = dataset;
  const parts = [`${count(facts.done)} of ${plural(facts.planned, 'step')}`];
  if (before !== null && after !== null)
    parts.push(`validation (this dataset) ${loss(before)} to ${loss(after)}`);
  else if (after !== null) parts.push(`validation (this dataset) ${loss(after)}`);
  else parts.push('validation (this dataset) not measured');
  return {
    kind: 'dataset_done',
    tone: 'info',
    title: `${dataset.name} done`,
    body: `${parts.join(', ')}.${nextText(facts.next)}`,
    opens: 'dashboard',
  };
}

export function datasetFailed(
  { id, name }: Pick<DatasetSummary, 'id' | 'name'>,
  reason: string,
  next: string | null,
): NoticeText {
  return {
    kind: 'dataset_failed',
    tone: 'fail',
    title: `${name} failed`,
    body: `${reason.replace(/\.?$/, '.')}${nextText(next)}`,
    opens: 'queue',
    condition: failedCondition(id),
  };
}

export function rowsQuarantined(name: string, rows: number, why: string): NoticeText {
  return {
    kind: 'fact',
    tone: 'warn',
    title: `Training continues on ${name} without ${plural(rows, 'quarantined row')}`,
    body: why,
    opens: 'data',
  };
}

/** A file of a dataset was damaged, and what was done. */
export function fileRecovered(name: string, text: string): NoticeText {
  return {
    kind: 'fact',
    tone: 'warn',
    title: `A file of ${name} was damaged`,
    body: text,
    opens: 'queue',
  };
}

export function datasetRefused(
  { id, name }: Pick<DatasetSummary, 'id' | 'name'>,
  reason: string,
): NoticeText {
  return {
    kind: 'dataset_failed',
    tone: 'fail',
    title: `${name} refused`,
    body: reason,
    opens: 'data',
    condition: refusedCondition(id),
  };
}

export function needsDecision(
  { id, name }: Pick<DatasetSummary, 'id' | 'name'>,
  message: string | null,
): NoticeText {
  return {
    kind: 'needs_decision',
    tone: 'warn',
    title: `${name} needs your decision`,
    body: message ?? 'See its report.',
    opens: 'data',
    condition: decisionCondition(id),
  };
}

export function queueEmpty(facts: {
  readonly datasets: number;
  readonly failed: number;
  readonly seconds: number;
  readonly step: number | null;
}): NoticeText {
  const failed = facts.failed === 0 ? 'none failed' : `${facts.failed} failed`;
  const saved = facts.step === null ? '' : ` Saved at step ${count(facts.step)}.`;
  return {
    kind: 'queue_empty',
    tone: 'info',
    title: 'Queue is empty',
    body: `${plural(facts.datasets, 'dataset')} in ${duration(facts.seconds)}, ${failed}.${saved}`,
    opens: 'queue',
  };
}

export function stepsLost(name: string, steps: number): NoticeText {
  return {
    kind: 'fact',
    tone: 'fail',
    title: `${plural(steps, 'step')} of ${name} lost`,
    body: 'No intact checkpoint contains them, so their rows count as not trained. Requeue the file to train all of it.',
    opens: 'queue',
  };
}

const nextText = (next: string | null): string => (next === null ? '' : ` Next: ${next}.`);
