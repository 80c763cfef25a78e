/** What the parts of the restore share. */
import type { LineageState, Point, RestoreSource } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { BackupsRoom } from '../backups/index.ts';
import type { Holds } from '../checkpoints/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { MetricsRoom } from '../metrics/index.ts';
import type { QueueRoom } from '../queue/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import type { CheckpointCursor, VersionsRoom } from '../versions/index.ts';

export type RestorePhase = NonNullable<LineageState['restore']>['phase'];

export interface RestoreOptions {
  readonly paths: WorkspacePaths;
  readonly backups: Pick<BackupsRoom, 'list' | 'create' | 'contentOf' | 'using'>;
  readonly config: Pick<ConfigRoom, 'values' | 'follow'>;
  /** Keeps a checkpoint from being rotated away while a restore to it is looked at. */
  readonly holds: Pick<Holds, 'hold'>;
  readonly datasets: Pick<DatasetsRoom, 'trained'>;
  readonly disk: Pick<DiskRoom, 'reading' | 'require' | 'refresh'>;
  readonly journal: Pick<Journal, 'write' | 'flush'>;
  readonly metrics: Pick<MetricsRoom, 'follow' | 'latest' | 'validation'>;
  readonly queue: Pick<
    QueueRoom,
    'standStill' | 'release' | 'aftermath' | 'passOf' | 'open' | 'isSupervising'
  >;
  readonly trainer: Pick<TrainerRoom, 'work' | 'view'>;
  readonly versions: VersionsRoom;
  readonly clock: Clock;
  readonly random: () => string;
  /** Told of what must not happen; the engine goes on. */
  readonly failed: (where: string, error: unknown) => void;
}

/** A point whose bytes are kept somewhere. */
export interface KeptPoint extends Point {
  readonly origin:
    | { readonly kind: 'version'; readonly name: string }
    | { readonly kind: 'checkpoint' }
    | { readonly kind: 'backup'; readonly id: string }
    | { readonly kind: 'base' };
  /** Folder of the model's own files. */
  readonly model: string;
  /** The checkpoint of the same step, with moments, random states and cursor; null: weights alone are kept. */
  readonly optimizerState: string | null;
  /** Blocks may be shared; never those of a backup. */
  readonly share: boolean;
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

/** `v002_dialog`, `step 25 of main`, `the backup manual/…`, `the base`. */
export function nameOf(kept: KeptPoint): string {
  switch (kept.origin.kind) {
    case 'version':
      return kept.origin.name;
    case 'checkpoint':
      return `step ${String(kept.step)} of ${kept.branch}`;
    case 'backup':
      return `the backup ${kept.origin.id}`;
    case 'base':
      return kept.base === null ? 'the base' : `the base ${kept.base.id}`;
  }
}

export function titleOf(source: RestoreSource, kept: KeptPoint, dataset: string | null): string {
  switch (source.kind) {
    case 'rollback':
      return `Roll back to ${nameOf(kept)}`;
    case 'undo_dataset':
      return `Take back ${dataset ?? source.dataset}`;
    case 'base':
      return `Begin anew from ${source.id}`;
    case 'version':
    case 'checkpoint':
    case 'backup':
      return `Restore ${nameOf(kept)}`;
  }
}
