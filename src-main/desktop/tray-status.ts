/** The status shown by tray, task bar and quit dialog. Pure. */
import { timeLeft } from '../contract/format.ts';
import type { Rooms, TrainingState, TrainingStatus } from '../contract/index.ts';
import type { Connection } from './supervisor/index.ts';

/** States in which a trainer is working: the system is kept awake, and quitting asks first. */
const workingStates: ReadonlySet<TrainingState> = new Set([
  'loading',
  'training',
  'evaluating',
  'saving',
  'stopping',
  'recovering',
]);

export const isWorking = (status: TrainingStatus | null): boolean =>
  status !== null && workingStates.has(status.state);

export type TrayIcon = 'idle' | 'training' | 'paused' | 'attention' | 'lost';

export interface TrayStatus {
  readonly icon: TrayIcon;
  readonly state: TrainingState | Exclude<Connection['kind'], 'attached'>;
  /** Shown as the first, disabled item of the tray menu and in the tooltip. */
  readonly label: string;
  /** Progress of the dataset, 0 to 1; null if nothing is training. */
  readonly progress: number | null;
  /** What the pause/resume item does; null without a connection. */
  readonly action: 'pause' | 'resume' | null;
}

const stateNames: Readonly<Record<TrainingState, string>> = {
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
  waiting: 'Waiting',
  failed: 'Failed: needs attention',
};

export function trayStatus(connection: Connection, rooms: Rooms | null): TrayStatus {
  if (connection.kind !== 'attached' || rooms === null)
    return {
      icon: 'lost',
      state: connection.kind === 'attached' ? 'starting' : connection.kind,
      label: connectionText(connection),
      progress: null,
      action: null,
    };
  const { status, queue } = rooms;
  const progress = progressOf(status);
  const isPaused =
    queue.desired_state === 'paused' ||
    queue.desired_state === 'stopped' ||
    status.state === 'failed';
  return {
    icon: iconOf(status.state),
    state: status.state,
    label: statusText(status, progress),
    progress,
    action: isPaused ? 'resume' : 'pause',
  };
}

function connectionText(connection: Connection): string {
  switch (connection.kind) {
    case 'starting':
      return connection.problem === null
        ? 'The engine is starting'
        : `The engine failed to start: ${connection.problem}`;
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
  return workingStates.has(state) ? 'training' : 'idle';
}

export function progressOf(status: TrainingStatus): number | null {
  if (status.current_dataset === null) return null;
  const { step_of_dataset: step, steps_of_dataset: steps } = status;
  if (step === null || steps === null || steps <= 0) return null;
  return Math.min(1, Math.max(0, step / steps));
}

function statusText(status: TrainingStatus, progress: number | null): string {
  if (status.state === 'waiting' && status.reason !== null)
    return status.reason.charAt(0).toUpperCase() + status.reason.slice(1);
  const state = stateNames[status.state];
  const { current_dataset: dataset } = status;
  const parts = [dataset === null ? state : `${state} ${dataset.name}`];
  if (progress !== null) parts.push(`${String(Math.floor(progress * 100))}\u00a0%`);
  const left = workingStates.has(status.state) ? timeLeft(status) : null;
  if (left !== null) parts.push(`${left} left`);
  return parts.join(', ');
}
