/** What a client is shown of a dataset, in the words of the design. Pure. */
import type { Config, DatasetSummary, Verdict } from '../../contract/index.ts';
import type { InboxEntry } from './inbox.ts';
import { plannedSteps } from './intake.ts';
import type { DatasetRecord } from './dataset-store.ts';

/** What happens to a waiting file right now; lost with the process and found again by the next one. */
export interface Activity {
  readonly progress: number | null;
  readonly message: string | null;
}

function verdictOf(item: DatasetRecord, activity: Activity | null): Verdict {
  switch (item.place) {
    case 'processing':
      return 'training';
    case 'completed':
      return 'completed';
    case 'failed':
      return item.meta.validated?.verdict === 'refused' || item.meta.validated === null
        ? 'refused'
        : 'failed';
    case 'skipped':
      return 'skipped';
    case 'queue':
      if (activity?.progress !== null && activity?.progress !== undefined) return 'validating';
      if (item.meta.held) return 'held';
      if (item.meta.validated === null || item.meta.validated.verdict === 'refused')
        return 'waiting';
      return item.meta.validated.verdict;
  }
}

function messageOf(item: DatasetRecord, activity: Activity | null): string | null {
  if (item.place === 'failed' || item.place === 'skipped')
    return item.meta.reason ?? item.meta.validated?.message ?? null;
  // Completed, and yet a part of it is not in the model: a restore left the branch that trained it.
  if (item.place === 'completed') return item.meta.reason;
  if (item.place === 'queue') return activity?.message ?? item.meta.validated?.message ?? null;
  return null;
}

/** `activity` null: nothing happens to it right now. */
export function summarize(
  item: DatasetRecord,
  activity: Activity | null,
  position: number,
  config: Config,
): DatasetSummary {
  const { meta } = item;
  const { validated } = meta;
  return {
    id: meta.id,
    name: meta.name,
    place: item.place,
    priority: item.priority,
    position,
    held: meta.held,
    verdict: verdictOf(item, activity),
    message: messageOf(item, activity),
    decision:
      item.place === 'queue' && validated?.verdict === 'needs_decision' ? validated.decision : null,
    bytes: item.bytes,
    added: meta.added,
    finished: item.place === 'queue' || item.place === 'processing' ? null : meta.finished,
    progress: activity?.progress ?? null,
    rows: validated?.rows ?? null,
    accepted: validated?.accepted ?? null,
    rejected: validated?.rejected ?? null,
    held_out: validated?.held_out ?? null,
    planned_steps:
      validated === null
        ? null
        : plannedSteps(Math.max(0, validated.trained_rows - meta.quarantined.length), config),
    done_steps: meta.done_steps,
    starts_at: null,
    ends_at: null,
    validation_before: meta.validation_before,
    validation_after: meta.validation_after,
  };
}

const unknown = {
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
  validation_before: null,
  validation_after: null,
} as const;

/** A file on its way: copied, uploaded, or still in the inbox. */
export interface Arriving {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly added: number;
  readonly priority: DatasetSummary['priority'];
  readonly progress: number | null;
  readonly message: string;
}

export function summariseArriving(arriving: Arriving): DatasetSummary {
  return { ...unknown, ...arriving, place: 'inbox', position: 0, verdict: 'waiting' };
}

export function summariseInbox(entry: InboxEntry): DatasetSummary {
  return {
    ...unknown,
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
