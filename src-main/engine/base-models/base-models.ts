/** Which base model is selected, and how the lineage follows it while nothing was trained. */
import { Emitter } from '../../kit/emitter.ts';
import { createSerializer } from '../../kit/serializer.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { LineageRoom } from '../lineage/index.ts';
import { baseFolderProblem, type BaseModel, readBaseModel } from './base-file.ts';

export type BaseModelsRoom = Awaited<ReturnType<typeof createBaseModels>>;

/** fp32 weights and two optimizer states. */
const BYTES_PER_PARAMETER = 12;
/** Manifest, random states and file system overhead. */
const CHECKPOINT_OVERHEAD_BYTES = 16 * 1024 * 1024;

export async function createBaseModels(options: {
  readonly paths: WorkspacePaths;
  readonly config: Pick<ConfigRoom, 'values'>;
  readonly lineage: LineageRoom;
  readonly checkpoints: Pick<CheckpointsRoom, 'newest' | 'hasAny'>;
}) {
  const { paths, config, lineage, checkpoints } = options;
  const changed = new Emitter<void>();
  /**
   * One selection at a time: while a lineage is being written, a second selection would compare
   * itself with the one before it, and the lineage would stay with a base model that is no longer
   * selected.
   */
  const selections = createSerializer();

  /** An empty `base_model` means the base model that the lineage started from. */
  function selectedId(): string {
    const { base_model: named } = config.values();
    return named === '' ? (lineage.current()?.base.id ?? '') : named;
  }
  let selected: BaseModel | null = await readBaseModel(paths, selectedId());

  const missingText = (id: string): string => `base model ${id} can't be read (${paths.base(id)})`;

  /** While nothing was trained, the lineage starts from whatever base model is selected. */
  async function followSelection(): Promise<void> {
    const current = lineage.current();
    if (selected === null || current?.base.hash === selected.hash) return;
    // Other branches have checkpoints that a restart would orphan: a new base opens a branch
    // instead.
    if ((current?.branches.length ?? 0) > 1 || (await checkpoints.hasAny())) return;
    await lineage.start(selected, config.values().method);
  }
  await followSelection();

  return {
    changed,
    /** null while none is selected or its folder can't be read. */
    selected: (): BaseModel | null => selected,
    /** Empty on a first run. */
    selectedId,
    /** Why training has no base model to start from; null: it has one. */
    missingReason(): string | null {
      if (selected !== null) return null;
      const id = selectedId();
      return id === '' ? 'no base model is selected' : missingText(id);
    },
    /** What is missing in the folder of the selected base model; null: it is complete. */
    async problem(): Promise<string | null> {
      const id = selectedId();
      if (id === '') return null;
      if (selected === null) return missingText(id);
      return baseFolderProblem(selected);
    },
    /** Why the selected base model needs a new lineage; null: the head started from it. */
    mismatch(): string | null {
      const current = lineage.current();
      if (selected === null || current === null || current.base.hash === selected.hash) return null;
      return `base_model is ${selected.id}, but the model started from ${current.base.id}.`;
    },
    /** Reads the base model again after `base_model` changed. */
    refresh: (): Promise<void> =>
      selections.run(async () => {
        const next = await readBaseModel(paths, selectedId());
        const isSame = next?.hash === selected?.hash && next?.id === selected?.id;
        selected = next;
        // Also for the same base model: the lineage may not have been written the last time.
        await followSelection();
        if (!isSame) changed.emit(undefined);
      }),
    /** Selects a base model that was just made, before the configuration names it. */
    select: (id: string): Promise<void> =>
      selections.run(async () => {
        selected = await readBaseModel(paths, id);
        if (selected === null) throw new Error(`base model ${id} was made but can't be read`);
        await followSelection();
        changed.emit(undefined);
      }),
    /** Size of the next checkpoint, from the parameters or from the newest checkpoint. Bytes. */
    async checkpointBytes(): Promise<number> {
      const newest = await checkpoints.newest();
      const fromParameters = (selected?.parameters ?? 0) * BYTES_PER_PARAMETER;
      return Math.max(newest?.bytes ?? 0, fromParameters) + CHECKPOINT_OVERHEAD_BYTES;
    },
  };
}
