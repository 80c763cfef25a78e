/** Lists the checkpoints of every branch, and reads single ones byte by byte. */
import type { Point } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { LineageRoom } from '../lineage/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { verifyCheckpoint } from './discover.ts';
import { createFullChecks } from './full-check.ts';
import {
  type Checkpoint,
  listCheckpoints,
  listUnreadableCheckpoints,
  newestCheckpoint,
} from './manifest.ts';

export type BranchCheckpoint = Checkpoint & Point;
export type CheckpointsRoom = Awaited<ReturnType<typeof createCheckpoints>>;

export async function createCheckpoints(options: {
  readonly paths: WorkspacePaths;
  readonly lineage: Pick<LineageRoom, 'branch' | 'branchNames'>;
  readonly trainer: Pick<TrainerRoom, 'work' | 'events'>;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly failed: (where: string, error: unknown) => void;
}) {
  const { paths, lineage, trainer } = options;
  const changed = new Emitter<void>();
  const headFolder = (): string => paths.checkpoints(lineage.branch());
  const fullChecks = createFullChecks({ ...options, folder: headFolder });
  let scanned: readonly BranchCheckpoint[] = [];

  async function scan(): Promise<readonly BranchCheckpoint[]> {
    const found: BranchCheckpoint[] = [];
    for (const branch of lineage.branchNames())
      for (const checkpoint of await listCheckpoints(paths.checkpoints(branch)))
        found.push({ ...checkpoint, branch });
    scanned = found;
    return found;
  }
  async function refresh(): Promise<void> {
    await scan();
    changed.emit(undefined);
  }
  await scan();

  const stop = trainer.events.on((event) => {
    if (event.type === 'checkpoint')
      void refresh().catch((error: unknown) => {
        options.failed('checkpoints.refresh', error);
      });
  });

  return {
    changed,
    /** Of the branch that is trained, newest first. */
    ofHead: (): Promise<readonly Checkpoint[]> => listCheckpoints(headFolder()),
    /** The newest complete checkpoint of the branch that is trained. */
    newest: (): Promise<Checkpoint | null> => newestCheckpoint(headFolder()),
    /**
     * Whether the branch that is trained has a checkpoint, in whatever state. A folder that can't be
     * read may have one: the lineage must not start over because of it.
     */
    hasAny: async (): Promise<boolean> =>
      (await listCheckpoints(headFolder())).length > 0 ||
      (await listUnreadableCheckpoints(headFolder()).then(
        (steps) => steps.length > 0,
        () => true,
      )),
    /** Of the branch that is trained, newest first: folders whose manifest can't be read. */
    unreadable: (): Promise<readonly number[]> => listUnreadableCheckpoints(headFolder()),
    /** Whether a complete checkpoint of this point exists. */
    async has(point: Point): Promise<boolean> {
      const checkpoints = await listCheckpoints(paths.checkpoints(point.branch));
      return checkpoints.some(({ step, problem }) => step === point.step && problem === null);
    },
    /** Reads the folders of all branches: oldest branch first, newest step first. */
    scan,
    /** What the last scan found, without touching the disk. */
    scanned: (): readonly BranchCheckpoint[] => scanned,
    /** Scans and emits `changed`. */
    refresh,
    /** Reads every byte: what is wrong, or null. Refusal NOT_READY when the worker can't run. */
    verify: (folder: string): Promise<string | null> => verifyCheckpoint(trainer, folder),
    /** What reading every byte of the branch that is trained came to; see `FullChecks`. */
    fullCheck: (now: boolean) => fullChecks.read(now),
    close: stop,
  };
}
