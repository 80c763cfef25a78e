/** Content of the state cell: glyph, word and one fact, derived from the live status. Pure. */
import type { QueueState, TrainingStatus, UnsavedSteps } from '../../src-main/contract/index.ts';
import { age, beatAge, count, duration, evaluationText, timeLeft } from '../kit/format.ts';
import type { GlyphName } from '../kit/marks.tsx';

export type Tone = 'live' | 'quiet' | 'warning' | 'failure' | 'lost';

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
  /** Seconds since the last message from the engine, and since the last status. */
  readonly lastMessageAgo: number;
  readonly statusAgo: number;
}

/** Heartbeat age above which the state is Unknown until the engine decides; longer where a step takes longer. Seconds. */
const UNKNOWN_AFTER_S = 9;
const UNKNOWN_AFTER_STEPS = 3;

/** Heartbeat age that is normal: the training loop sends one per step, and steps are long on a slow machine. Seconds. */
function quietSeconds({ samples_per_second: speed, batch }: TrainingStatus): number {
  const step = speed === null || batch === null || speed.value <= 0 ? 0 : batch / speed.value;
  return Math.max(UNKNOWN_AFTER_S, UNKNOWN_AFTER_STEPS * step);
}

function heartbeatAge({ status, statusAgo }: StateCellInput): number | null {
  const measured = status.trainer.heartbeat_age_s;
  return measured === null ? null : measured + statusAgo;
}

const since = (input: StateCellInput): string =>
  duration(Math.max(0, input.now - input.status.since));

function byWhom(input: StateCellInput): string {
  const by = input.queue.by.replace(/ \(.*\)$/, '');
  return `by ${by}, ${age(input.now - input.status.since)}`;
}

const unsavedFact = ({ step, saved_step: saved }: UnsavedSteps): string =>
  `step ${count(step)} not saved, ${saved === null ? 'nothing' : `step ${count(saved)}`} safe`;

export function stateCell(input: StateCellInput): StateCellText {
  const { status } = input;
  if (input.lost)
    return {
      glyph: 'lost',
      tone: 'lost',
      word: 'Connection lost',
      fact: `last update ${age(input.lastMessageAgo)}`,
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
        fact: status.reason ?? since(input),
      };
    case 'loading':
      return { glyph: 'loading', tone: 'live', word: 'Loading', fact: since(input) };
    case 'training': {
      const heartbeat = heartbeatAge(input);
      if (heartbeat === null || heartbeat > quietSeconds(status))
        return {
          glyph: 'unknown',
          tone: 'lost',
          word: 'Unknown',
          fact: heartbeat === null ? 'no heartbeat yet' : `no heartbeat for ${duration(heartbeat)}`,
        };
      return {
        glyph: 'training',
        tone: 'live',
        word: 'Training',
        fact: `heartbeat ${beatAge(heartbeat)}`,
      };
    }
    case 'evaluating':
      return {
        glyph: 'evaluating',
        tone: 'live',
        word: 'Evaluating',
        fact: evaluationText(status.evaluation) ?? since(input),
      };
    case 'saving':
      return { glyph: 'saving', tone: 'live', word: 'Saving', fact: since(input) };
    case 'paused':
      return status.unsaved === null
        ? { glyph: 'paused', tone: 'quiet', word: 'Paused', fact: byWhom(input) }
        : { glyph: 'paused', tone: 'warning', word: 'Paused', fact: unsavedFact(status.unsaved) };
    case 'stopping':
      return { glyph: 'stopping', tone: 'quiet', word: 'Stopping', fact: stoppingFact(input) };
    case 'stopped':
      return { glyph: 'stopping', tone: 'quiet', word: 'Stopped', fact: byWhom(input) };
    case 'waiting':
      return {
        glyph: 'loading',
        tone: 'quiet',
        word: 'Waiting',
        fact: status.reason?.replace(/^waiting /, '') ?? since(input),
      };
    case 'recovering':
      return {
        glyph: 'recovering',
        tone: 'warning',
        word: 'Recovering',
        fact: recoveringFact(input),
      };
    case 'failed':
      return {
        glyph: 'failed',
        tone: 'failure',
        word: 'Failed',
        fact: `needs you, ${age(input.now - status.since)}`,
      };
  }
}

function stoppingFact({ status, queue }: StateCellInput): string {
  if (queue.desired_state !== 'stopping_after') return status.reason ?? 'now, with a checkpoint';
  const time = timeLeft(status);
  const left = time === null ? '' : `, ${time}`;
  return `after this dataset${left}`;
}

/** Without a limit, training restarts until the trainer is left alone. */
const attemptText = ({
  attempt,
  limit,
}: NonNullable<StateCellInput['status']['recovery']>): string =>
  `attempt ${String(attempt)}${limit === null ? '' : ` of ${String(limit)}`}`;

function recoveringFact(input: StateCellInput): string {
  const { recovery, reason } = input.status;
  return recovery === null ? (reason ?? since(input)) : `${attemptText(recovery)}, ${since(input)}`;
}

/** The main button: pause, resume or retry. */
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
      why: 'Retry from the last checkpoint',
    };
  if (desiredState === 'paused' || desiredState === 'stopped' || desiredState === 'stopping_after')
    return {
      verb: 'resume',
      label: 'Resume',
      enabled: true,
      why:
        desiredState === 'stopping_after'
          ? 'Continue after this dataset'
          : 'Resume from the last checkpoint',
    };
  const running = !['idle', 'validating'].includes(status.state);
  return {
    verb: 'pause',
    label: 'Pause',
    enabled: running,
    why: running ? 'Pause at the next step' : 'No dataset is training',
  };
}

/** `pausing, 3 s` while a command is pending. */
export function pendingText(status: TrainingStatus, now: number): string | null {
  if (status.pending === null) return null;
  const verbs: Readonly<Record<string, string>> = {
    pause: 'pausing',
    resume: 'resuming',
    stop: 'stopping',
    'stop-now': 'stopping',
    stop_now: 'stopping',
    skip: 'skipping',
  };
  const { verb, t } = status.pending;
  return `${verbs[verb] ?? verb}, ${String(Math.max(0, Math.floor(now - t)))}\u00a0s`;
}
