/** What the parts of the restore share. */
import type { LineageState, Point } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { BackupsRoom } from '../backups/index.ts';
import type { BaseModelsRoom } from '../base-models/index.ts';
import type { CheckpointCursor, CheckpointLeases, CheckpointsRoom } from '../checkpoints/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { LineageRoom } from '../lineage/index.ts';
import type { MetricsRoom } from '../metrics/index.ts';
import type { QueueRoom } from '../queue/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import type { VersionsRoom } from '../versions/index.ts';

export type RestorePhase = NonNullable<LineageState['restore']>['phase'];

export interface RestoreOptions {
  readonly paths: WorkspacePaths;
  readonly lineage: LineageRoom;
  readonly baseModels: Pick<BaseModelsRoom, 'mismatch' | 'refresh'>;
  readonly checkpoints: Pick<CheckpointsRoom, 'newest' | 'scan' | 'refresh'>;
  readonly versions: Pick<
    VersionsRoom,
    'list' | 'createManually' | 'verify' | 'problemAt' | 'originOf'
  >;
  readonly backups: Pick<BackupsRoom, 'list' | 'create' | 'contentOf' | 'using'>;
  readonly config: Pick<ConfigRoom, 'values' | 'follow'>;
  /** Keeps a checkpoint from being removed while a restore to it is planned. */
  readonly leases: Pick<CheckpointLeases, 'lease'>;
  readonly datasets: Pick<DatasetsRoom, 'trained' | 'trainedSince'>;
  readonly disk: Pick<DiskRoom, 'reading' | 'require' | 'refresh'>;
  readonly journal: Pick<Journal, 'write' | 'flush'>;
  readonly metrics: Pick<MetricsRoom, 'follow' | 'at' | 'validation'>;
  readonly queue: Pick<
    QueueRoom,
    'standStill' | 'release' | 'aftermath' | 'passOf' | 'open' | 'isSupervising'
  >;
  readonly trainer: Pick<TrainerRoom, 'work' | 'view'>;
  readonly clock: Clock;
  /** Reports a bug; the engine continues. */
  readonly failed: (where: string, error: unknown) => void;
}

/** A point whose weights are saved somewhere. */
export interface SavedPoint extends Point {
  readonly origin:
    | { readonly kind: 'version'; readonly name: string }
    | { readonly kind: 'checkpoint' }
    | { readonly kind: 'backup'; readonly id: string }
    | { readonly kind: 'base' };
  /** Folder of the model's own files. */
  readonly model: string;
  /**
   * Checkpoint folder of the same step, with optimizer state, random states and cursor; null: only
   * weights are saved.
   */
  readonly optimizerState: string | null;
  /** Never for a backup, which must stay independent. */
  readonly canHardLink: boolean;
  readonly base: { readonly id: string; readonly hash: string } | null;
  readonly hashes: Readonly<Record<string, unknown>>;
  readonly cursor: CheckpointCursor | null;
  readonly bytes: number;
}

/** What is worth a notice. */
export interface RestoreNews {
  readonly kind: 'done' | 'failed' | 'undone' | 'finished';
  readonly title: string;
  readonly message: string;
}
