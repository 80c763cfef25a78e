/** The summary of a dataset for clients. Pure. */
import type { Config, DatasetSummary, Verdict } from '../../contract/index.ts';
import type { InboxEntry } from './inbox.ts';
import { UNMEASURED } from '../../formats/index.ts';
import { plannedSteps, remainingSteps } from './intake.ts';
import type { DatasetRecord } from './dataset-store.ts';

/** What currently happens to a queued file. In memory only. */
export interface Activity {
  readonly progress: number | null;
  readonly message: string | null;
}

const isValidating = (
  activity: Activity | null,
): activity is Activity & { readonly progress: number } =>
  activity !== null && activity.progress !== null;

function verdictOf(record: DatasetRecord, activity: Activity | null): Verdict {
  switch (record.place) {
    case 'processing':
      return 'training';
    case 'completed':
      return 'completed';
    case 'failed':
      return record.meta.validated?.verdict === 'refused' || record.meta.validated === null
        ? 'refused'
        : 'failed';
    case 'skipped':
      return 'skipped';
    case 'queue':
      if (isValidating(activity)) return 'validating';
      if (record.meta.held) return 'held';
      if (record.meta.validated === null || record.meta.validated.verdict === 'refused')
        return 'waiting';
      return record.meta.validated.verdict;
  }
}

function messageOf(record: DatasetRecord, activity: Activity | null): string | null {
  if (record.place === 'failed' || record.place === 'skipped')
    return record.meta.reason ?? record.meta.validated?.message ?? null;
  // A completed dataset has a reason when a restore removed a part of its training from the model.
  if (record.place === 'completed') return record.meta.reason;
  // While it is validated again, what the previous validation found no longer counts.
  if (record.place === 'queue')
    return isValidating(activity)
      ? activity.message
      : (activity?.message ?? record.meta.validated?.message ?? null);
  return null;
}

/**
 * Steps of its pass, which has its own settings; for a waiting dataset those that the current
 * settings give, after the steps that it has already.
 */
function plannedOf({ place, meta }: DatasetRecord, config: Config): number | null {
  const { validated } = meta;
  const { planned_steps: planned = null, resumes_at: resumesAt = null } = meta;
  if (place !== 'queue' && planned !== null) return planned;
  // Recorded before passes noted their steps: a completed one trained all of them.
  if (place === 'completed' && meta.done_steps !== null && meta.reason === null)
    return meta.done_steps;
  if (validated === null) return null;
  const rows = Math.max(0, validated.trained_rows - meta.quarantined.length);
  if (resumesAt === null) return plannedSteps(rows, config);
  return (meta.done_steps ?? 0) + remainingSteps(resumesAt, rows, config);
}

/** Of a waiting dataset, those that the next pass continues behind; a repeated one begins again. */
const doneOf = ({ place, meta }: DatasetRecord): number | null =>
  place === 'queue' && (meta.resumes_at ?? null) === null ? null : meta.done_steps;

export function summarize(
  record: DatasetRecord,
  activity: Activity | null,
  position: number,
  config: Config,
): DatasetSummary {
  const { meta } = record;
  const { validated } = meta;
  return {
    id: meta.id,
    name: meta.name,
    place: record.place,
    priority: record.priority,
    position,
    held: meta.held,
    verdict: verdictOf(record, activity),
    message: messageOf(record, activity),
    decision:
      record.place === 'queue' && validated?.verdict === 'needs_decision' && !isValidating(activity)
        ? validated.decision
        : null,
    bytes: record.bytes,
    added: meta.added,
    finished: record.place === 'queue' || record.place === 'processing' ? null : meta.finished,
    progress: activity?.progress ?? null,
    rows: validated?.rows ?? null,
    accepted: validated?.accepted ?? null,
    rejected: validated?.rejected ?? null,
    held_out: validated?.held_out ?? null,
    planned_steps: plannedOf(record, config),
    done_steps: doneOf(record),
    starts_at: null,
    ends_at: null,
    validation_before: meta.validation_before,
    validation_after: meta.validation_after,
    validation_before_step: meta.validation_before_step ?? null,
    validation_after_step: meta.validation_after_step ?? null,
    warnings: validated?.warnings ?? [],
  };
}

const UNKNOWN_FIELDS = {
  held: false,
  decision: null,
  finished: null,
  rows: null,
  accepted: null,
  rejected: null,
  held_out: null,
  planned_steps: null,
  done_steps: null,
  starts_at: null,
  ends_at: null,
  ...UNMEASURED,
  warnings: [],
};

/** A file that is being copied or uploaded. */
export interface IncomingFile {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly added: number;
  readonly priority: DatasetSummary['priority'];
  readonly progress: number | null;
  readonly message: string;
}

export function summarizeIncoming(file: IncomingFile): DatasetSummary {
  return { ...UNKNOWN_FIELDS, ...file, place: 'inbox', position: 0, verdict: 'waiting' };
}

export function summarizeInbox(entry: InboxEntry): DatasetSummary {
  return {
    ...UNKNOWN_FIELDS,
    id: entry.id,
    name: entry.name,
    place: 'inbox',
    priority: 'normal',
    position: 0,
    verdict: entry.state === 'refused' ? 'refused' : 'waiting',
    message: entry.message,
    bytes: entry.bytes,
    added: entry.since,
    progress: null,
  };
}
