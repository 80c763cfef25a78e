/** How things stand, in the words of tray, task bar and quit dialog. Pure. */
import type { Rooms, TrainingState, TrainingStatus } from '../contract/index.ts';
import type { Connection } from './supervisor/index.ts';

/** States in which a trainer works: the machine is kept awake, and quitting asks. */
const working: ReadonlySet<TrainingState> = new Set([
  'loading',
  'training',
  'evaluating',
  'saving',
  'stopping',
  'recovering',
]);

export const isWorking = (status: TrainingStatus | null): boolean =>
  status !== null && working.has(status.state);

export type TrayIcon = 'idle' | 'training' | 'paused' | 'attention' | 'lost';

export interface Standing {
  readonly icon: TrayIcon;
  readonly state: TrainingState | Exclude<Connection['kind'], 'attached'>;
  /** The disabled first line of the tray's menu, and its tooltip. */
  readonly line: string;
  /** Of the dataset, 0 to 1; null when nothing is being trained. */
  readonly progress: number | null;
  /** What the one button does; null while there is nobody to tell it. */
  readonly action: 'pause' | 'resume' | null;
}

const words: Readonly<Record<TrainingState, string>> = {
  idle: 'Idle',
  validating: 'Validating',
  loading: 'Loading',
  training: 'Training',
  evaluating: 'Evaluating',
  saving: 'Saving',
  paused: 'Paused',
  stopping: 'Stopping',
  stopped: 'Stopped',
  recovering: 'Recovering',
  failed: 'Failed, needs you',
};

export function standing(connection: Connection, rooms: Rooms | null): Standing {
  if (connection.kind !== 'attached' || rooms === null)
    return {
      icon: 'lost',
      state: connection.kind === 'attached' ? 'starting' : connection.kind,
      line: connectionLine(connection),
      progress: null,
      action: null,
    };
  const { status, queue } = rooms;
  const progress = progressOf(status);
  const held =
    queue.desired_state === 'paused' ||
    queue.desired_state === 'stopped' ||
    status.state === 'failed';
  return {
    icon: iconOf(status.state),
    state: status.state,
    line: stateLine(status, progress),
    progress,
    action: held ? 'resume' : 'pause',
  };
}

function connectionLine(connection: Connection): string {
  switch (connection.kind) {
    case 'starting':
      return connection.problem === null
        ? 'The engine is starting'
        : `The engine does not start: ${connection.problem}`;
    case 'attached':
      return 'The engine is starting';
    case 'older':
      return 'The engine is older than this window';
    case 'newer':
      return 'The engine is newer than this window';
  }
}

function iconOf(state: TrainingState): TrayIcon {
  if (state === 'failed' || state === 'recovering') return 'attention';
  if (state === 'paused' || state === 'stopped') return 'paused';
  return working.has(state) ? 'training' : 'idle';
}

export function progressOf(status: TrainingStatus): number | null {
  if (status.current_dataset === null) return null;
  const { step_of_dataset: step, steps_of_dataset: steps } = status;
  if (step === null || steps === null || steps <= 0) return null;
  return Math.min(1, Math.max(0, step / steps));
}

function stateLine(status: TrainingStatus, progress: number | null): string {
  const word = words[status.state];
  const { current_dataset: dataset } = status;
  const parts = [dataset === null ? word : `${word} ${dataset.name}`];
  if (progress !== null) parts.push(`${String(Math.floor(progress * 100))}\u00a0%`);
  const left = working.has(status.state) ? timeLeft(status.eta_seconds) : null;
  if (left !== null) parts.push(`${left} left`);
  return parts.join(', ');
}

/** `54 min`, `1 h 26 min`; two units at most. Null stays null. */
export function timeLeft(seconds: number | null): string | null {
  if (seconds === null || !Number.isFinite(seconds)) return null;
  if (seconds < 60) return 'under 1\u00a0min';
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${String(minutes)}\u00a0min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${String(hours)}\u00a0h ${String(minutes % 60)}\u00a0min`;
  return `${String(Math.floor(hours / 24))}\u00a0d ${String(hours % 24)}\u00a0h`;
}
