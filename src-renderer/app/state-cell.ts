/** What the state cell says: glyph, word and one fact, from the live status alone. Pure. */
import type { QueueState, TrainingStatus } from '../../src-main/contract/index.ts';
import { age, beatAge, duration } from '../kit/format.ts';
import type { GlyphName } from '../kit/marks.tsx';

export type Tone = 'live' | 'quiet' | 'warn' | 'fail' | 'lost';

export interface StateCellText {
  readonly glyph: GlyphName;
  readonly tone: Tone;
  readonly word: string;
  readonly fact: string;
}

export interface StateCellInput {
  readonly status: TrainingStatus;
  readonly queue: QueueState;
  readonly lost: boolean;
  /** Unix seconds. */
  readonly now: number;
  /** Seconds since the engine was last heard, and since its status came. */
  readonly heardAgo: number;
  readonly statusAgo: number;
}

/** A heartbeat this old is no longer called fresh while the engine has not yet made up its mind; more where a step takes longer. */
const UNKNOWN_AFTER_S = 9;
const UNKNOWN_AFTER_STEPS = 3;

/** Seconds without a heartbeat that are ordinary here: the loop beats, and a slow machine's step is long. */
function quietSeconds({ samples_per_second: speed, batch }: TrainingStatus): number {
  const step = speed === null || batch === null || speed.value <= 0 ? 0 : batch / speed.value;
  return Math.max(UNKNOWN_AFTER_S, UNKNOWN_AFTER_STEPS * step);
}

function heartbeatAge({ status, statusAgo }: StateCellInput): number | null {
  const measured = status.trainer.heartbeat_age_s;
  return measured === null ? null : measured + statusAgo;
}

const since = (r: StateCellInput): string => duration(Math.max(0, r.now - r.status.since));

function byWhom(r: StateCellInput): string {
  const by = r.queue.by.replace(/ \(.*\)$/, '');
  return `by ${by}, ${age(r.now - r.status.since)}`;
}

export function stateCell(r: StateCellInput): StateCellText {
  const { status } = r;
  if (r.lost)
    return {
      glyph: 'lost',
      tone: 'lost',
      word: 'Connection lost',
      fact: `last heard ${age(r.heardAgo)}`,
    };
  switch (status.state) {
    case 'idle':
      return {
        glyph: 'idle',
        tone: 'quiet',
        word: 'Idle',
        fact: status.reason ?? 'nothing to train',
      };
    case 'validating':
      return {
        glyph: 'validating',
        tone: 'live',
        word: 'Validating',
        fact: status.reason ?? since(r),
      };
    case 'loading':
      return { glyph: 'loading', tone: 'live', word: 'Loading', fact: since(r) };
    case 'training': {
      const beat = heartbeatAge(r);
      if (beat === null || beat > quietSeconds(status))
        return {
          glyph: 'unknown',
          tone: 'lost',
          word: 'Unknown',
          fact: beat === null ? 'no heartbeat yet' : `no heartbeat for ${duration(beat)}`,
        };
      return {
        glyph: 'training',
        tone: 'live',
        word: 'Training',
        fact: `heartbeat ${beatAge(beat)}`,
      };
    }
    case 'evaluating':
      return { glyph: 'evaluating', tone: 'live', word: 'Evaluating', fact: since(r) };
    case 'saving':
      return { glyph: 'saving', tone: 'live', word: 'Saving', fact: since(r) };
    case 'paused':
      return { glyph: 'paused', tone: 'quiet', word: 'Paused', fact: byWhom(r) };
    case 'stopping':
      return { glyph: 'stopping', tone: 'quiet', word: 'Stopping', fact: stoppingFact(r) };
    case 'stopped':
      return { glyph: 'stopping', tone: 'quiet', word: 'Stopped', fact: byWhom(r) };
    case 'recovering':
      return { glyph: 'recovering', tone: 'warn', word: 'Recovering', fact: recoveringFact(r) };
    case 'failed':
      return {
        glyph: 'failed',
        tone: 'fail',
        word: 'Failed',
        fact: `needs you, ${age(r.now - status.since)}`,
      };
  }
}

function stoppingFact({ status, queue }: StateCellInput): string {
  if (queue.desired_state !== 'stopping_after') return status.reason ?? 'now, with a checkpoint';
  const left = status.eta_seconds === null ? '' : `, ${duration(status.eta_seconds)}`;
  return `after this dataset${left}`;
}

function recoveringFact(r: StateCellInput): string {
  const { recovery, reason } = r.status;
  return recovery === null
    ? (reason ?? since(r))
    : `attempt ${String(recovery.attempt)} of ${String(recovery.limit)}, ${since(r)}`;
}

/** The button that is pause, resume or retry. */
export function mainControl(
  status: TrainingStatus,
  desiredState: QueueState['desired_state'],
): {
  readonly verb: 'pause' | 'resume';
  readonly label: string;
  readonly enabled: boolean;
  readonly why: string;
} {
  if (status.state === 'failed')
    return {
      verb: 'resume',
      label: 'Retry',
      enabled: true,
      why: 'Try again from the last checkpoint',
    };
  if (desiredState === 'paused' || desiredState === 'stopped' || desiredState === 'stopping_after')
    return {
      verb: 'resume',
      label: 'Resume',
      enabled: true,
      why:
        desiredState === 'stopping_after'
          ? 'Go on after this dataset'
          : 'Go on from the last checkpoint',
    };
  const running = !['idle', 'validating'].includes(status.state);
  return {
    verb: 'pause',
    label: 'Pause',
    enabled: running,
    why: running ? 'Pause at the next step' : 'Nothing is being trained',
  };
}

/** `pausing, 3 s` while a command has not been acted on. */
export function pendingText(status: TrainingStatus, now: number): string | null {
  if (status.pending === null) return null;
  const words: Readonly<Record<string, string>> = {
    pause: 'pausing',
    resume: 'resuming',
    stop: 'stopping',
    'stop-now': 'stopping',
    stop_now: 'stopping',
    skip: 'skipping',
  };
  const { verb, t } = status.pending;
  return `${words[verb] ?? verb}, ${String(Math.max(0, Math.floor(now - t)))}\u00a0s`;
}
