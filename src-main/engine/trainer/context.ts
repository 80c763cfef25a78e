/** What the parts of the supervision share. */
import type { RunEvent } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';
import type { GpuReading } from '../../machine/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { Journal } from '../journal/index.ts';
import type { DeviceFacts } from './spec.ts';
import type { PythonFacts } from './types.ts';
import type { WatchedRun } from './watched-run.ts';

export interface TrainerOptions {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly python: () => Promise<PythonFacts>;
  readonly machine: {
    facts(): Promise<DeviceFacts>;
    knownGpus(): Promise<readonly GpuReading[] | null>;
  };
  readonly threads: number;
  readonly failed: (where: string, error: unknown) => void;
  /** False once another engine has taken the workspace. */
  readonly ownsWorkspace: () => Promise<boolean>;
  /** The adaptive hang limits are never shorter; set by tests. */
  readonly minSuspectSeconds?: number;
  readonly minKillSeconds?: number;
}

export interface SupervisorContext extends TrainerOptions {
  /** 64 random bits in hex, which make a run id unique. */
  readonly random: () => string;
  emit(run: Pick<WatchedRun, 'run'>, event: RunEvent): void;
}
