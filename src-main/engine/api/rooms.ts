/** The rooms that the procedures of the contract call. */
import type { EngineFacts, LineageState } from '../../contract/index.ts';
import type { BackupsRoom } from '../backups/index.ts';
import type { CheckpointMaintenance } from '../checkpoints/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import type { DiagnosticsRoom } from '../diagnostics/index.ts';
import type { DrillRoom } from '../drill/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { EstimateRoom } from '../estimate/index.ts';
import type { HealthRoom } from '../health/index.ts';
import type { Journal } from '../journal/index.ts';
import type { LogsRoom } from '../logs/index.ts';
import type { MetricsRoom } from '../metrics/index.ts';
import type { NoticesRoom } from '../notices/index.ts';
import type { PlaygroundRoom } from '../playground/index.ts';
import type { QueueRoom } from '../queue/index.ts';
import type { RestoreRoom } from '../restore/index.ts';
import type { SetupRoom } from '../setup/index.ts';
import type { Feed, StatusRoom } from '../status/index.ts';
import type { VersionsRoom } from '../versions/index.ts';

export interface ApiRooms {
  readonly facts: () => EngineFacts;
  readonly lineageState: () => LineageState;
  /** Ends the engine process; a running trainer continues. */
  readonly leave: () => void;
  readonly feed: Feed;
  readonly status: StatusRoom;
  readonly queue: QueueRoom;
  readonly datasets: DatasetsRoom;
  readonly versions: VersionsRoom;
  readonly backups: BackupsRoom;
  readonly playground: PlaygroundRoom;
  readonly maintenance: CheckpointMaintenance;
  readonly metrics: MetricsRoom;
  readonly config: ConfigRoom;
  readonly estimate: EstimateRoom;
  readonly diagnostics: DiagnosticsRoom;
  readonly disk: DiskRoom;
  readonly drill: DrillRoom;
  readonly journal: Journal;
  readonly logs: LogsRoom;
  readonly notices: NoticesRoom;
  readonly health: HealthRoom;
  readonly restore: RestoreRoom;
  readonly setup: SetupRoom;
}

export const DONE = { ok: true } as const;
