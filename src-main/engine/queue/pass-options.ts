/** The rooms that passes are made from. */
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom, PassDataset } from '../datasets/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { EstimateRoom } from '../estimate/index.ts';
import type { LineageRoom } from '../lineage/index.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { BaseModelsRoom } from '../base-models/index.ts';
import type { Journal } from '../journal/index.ts';
import type { MetricsRoom } from '../metrics/index.ts';
import type { VersionsRoom } from '../versions/index.ts';

export interface PassOptions {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly datasets: DatasetsRoom;
  readonly disk: DiskRoom;
  readonly estimate: Pick<EstimateRoom, 'begin' | 'settle' | 'secondsOf' | 'left'>;
  readonly journal: Journal;
  readonly metrics: MetricsRoom;
  readonly lineage: LineageRoom;
  readonly checkpoints: CheckpointsRoom;
  readonly baseModels: BaseModelsRoom;
  readonly versions: VersionsRoom;
  readonly clock: Clock;
  readonly random: () => string;
  /** A damaged pass.json was replaced. */
  readonly onRecovered: (dataset: PassDataset, text: string) => void;
  /** Another base was selected: the model is kept, and a new lineage is started from that base. */
  readonly beginLineage: (base: string) => void;
}
