/** Saved points of the lineage that can be selected: versions, checkpoints, backups. Pure. */
import type {
  Backup,
  CheckpointFacts,
  RestoreSource,
  Version,
} from '../../../src-main/contract/index.ts';
import { count } from '../../kit/format.ts';

export type Chosen =
  | { readonly kind: 'version'; readonly version: Version }
  | { readonly kind: 'checkpoint'; readonly checkpoint: CheckpointFacts }
  | { readonly kind: 'backup'; readonly backup: Backup };

export const versionKey = (pick: Pick<Version, 'name'>): string => `version ${pick.name}`;
export const checkpointKey = (point: Pick<CheckpointFacts, 'branch' | 'step'>): string =>
  `checkpoint ${point.branch} ${String(point.step)}`;
export const backupKey = (pick: Pick<Backup, 'id'>): string => `backup ${pick.id}`;

export interface SavedModels {
  readonly versions: readonly Version[];
  readonly checkpoints: readonly CheckpointFacts[];
  readonly backups: readonly Backup[];
}

/** The point with this key, else the newest saved point; null when there is none. */
export function chosenOf(saved: SavedModels, key: string | null): Chosen | null {
  const version = saved.versions.find((version) => versionKey(version) === key);
  if (version !== undefined) return { kind: 'version', version };
  const checkpoint = saved.checkpoints.find((checkpoint) => checkpointKey(checkpoint) === key);
  if (checkpoint !== undefined) return { kind: 'checkpoint', checkpoint };
  const backup = saved.backups.find((backup) => backupKey(backup) === key);
  if (backup !== undefined) return { kind: 'backup', backup };
  const [newest] = saved.versions;
  if (newest !== undefined) return { kind: 'version', version: newest };
  const [checkpointed] = saved.checkpoints;
  if (checkpointed !== undefined) return { kind: 'checkpoint', checkpoint: checkpointed };
  const [copy] = saved.backups;
  return copy === undefined ? null : { kind: 'backup', backup: copy };
}

export function keyOf(chosen: Chosen): string {
  switch (chosen.kind) {
    case 'version':
      return versionKey(chosen.version);
    case 'checkpoint':
      return checkpointKey(chosen.checkpoint);
    case 'backup':
      return backupKey(chosen.backup);
  }
}

export type Restorable =
  | { readonly kind: 'can'; readonly source: RestoreSource }
  | { readonly kind: 'cannot'; readonly why: string };

/** Whether the model can be restored to this point, or why not. */
export function restorableOf(chosen: Chosen): Restorable {
  switch (chosen.kind) {
    case 'version':
      return { kind: 'can', source: { kind: 'version', name: chosen.version.name } };
    case 'checkpoint': {
      const { branch, step, problem } = chosen.checkpoint;
      return problem === null
        ? { kind: 'can', source: { kind: 'checkpoint', branch, step } }
        : { kind: 'cannot', why: 'Its files are damaged or incomplete.' };
    }
    case 'backup': {
      const { id, source, step, verified } = chosen.backup;
      if (source.kind === 'folder' || step === null)
        return { kind: 'cannot', why: 'It contains a folder, not a checkpoint.' };
      return verified !== null && !verified.ok
        ? { kind: 'cannot', why: 'The backup is damaged.' }
        : { kind: 'can', source: { kind: 'backup', id } };
    }
  }
}

/** `step 1,400 of branch-3` */
export const pointText = (point: { readonly branch: string; readonly step: number }): string =>
  `step ${count(point.step)} of ${point.branch}`;
