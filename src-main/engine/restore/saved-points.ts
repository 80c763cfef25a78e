/**
 * Every point of the workspace that a restore can go to: checkpoints, versions, backups, base
 * models.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Backup } from '../../contract/index.ts';
import { type BaseModel, readBaseModel } from '../base-models/index.ts';
import { type BranchCheckpoint, listCheckpoints } from '../checkpoints/index.ts';
import type { RestoreOptions, SavedPoint } from './types.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

function fromCheckpoint({ branch, step, folder, manifest, bytes }: BranchCheckpoint): SavedPoint {
  return {
    branch,
    step,
    origin: { kind: 'checkpoint' },
    model: path.join(folder, 'model'),
    optimizerState: folder,
    canHardLink: true,
    base: manifest.base,
    hashes: manifest.hashes,
    cursor: manifest.cursor,
    bytes,
  };
}

/**
 * A backup of the model contains a checkpoint, one of a version its folder; a backup of any other
 * folder can't be restored.
 */
async function fromBackup(options: RestoreOptions, backup: Backup): Promise<SavedPoint | null> {
  const { branch, step } = backup;
  if (branch === null || step === null || backup.verified?.ok === false) return null;
  const content = options.backups.contentOf(backup.id);
  const origin = { kind: 'backup', id: backup.id } as const;
  if (backup.source.kind === 'model') {
    const found = await listCheckpoints(path.join(content, 'current_model/checkpoints', branch));
    const checkpoint = found.find((known) => known.step === step && known.problem === null);
    return checkpoint === undefined
      ? null
      : { ...fromCheckpoint({ ...checkpoint, branch }), origin, canHardLink: false };
  }
  if (backup.source.kind !== 'version') return null;
  const model = path.join(content, 'models/versions', backup.source.name);
  return {
    branch,
    step,
    origin,
    model,
    optimizerState: null,
    canHardLink: false,
    ...(await trainedOn(options, model)),
    bytes: backup.bytes,
  };
}

async function trainedOn(
  options: RestoreOptions,
  versionFolder: string,
): Promise<Pick<SavedPoint, 'base' | 'hashes' | 'cursor'>> {
  const origin = await options.versions.originOf(versionFolder);
  return {
    base: origin?.base ?? null,
    hashes: origin?.hashes ?? {},
    cursor: origin?.cursor ?? null,
  };
}

/** `damaged`: folders whose bytes were found to be wrong by this process. */
export async function readSavedPoints(
  options: RestoreOptions,
  damaged: ReadonlySet<string>,
): Promise<readonly SavedPoint[]> {
  const checkpoints = (await options.checkpoints.scan())
    .filter((checkpoint) => checkpoint.problem === null && !damaged.has(checkpoint.folder))
    .map(fromCheckpoint);
  const saved: SavedPoint[] = [...checkpoints];
  for (const version of options.versions.list()) {
    const same = checkpoints.find(
      (checkpoint) => checkpoint.branch === version.branch && checkpoint.step === version.step,
    );
    const own = await trainedOn(options, version.folder);
    saved.push({
      branch: version.branch,
      step: version.step,
      origin: { kind: 'version', name: version.name },
      model: version.folder,
      optimizerState: same?.optimizerState ?? null,
      canHardLink: true,
      base: same?.base ?? own.base,
      hashes: same?.hashes ?? own.hashes,
      cursor: same?.cursor ?? own.cursor,
      bytes: Math.max(version.bytes, same?.bytes ?? 0),
    });
  }
  for (const backup of options.backups.list()) {
    const point = await fromBackup(options, backup);
    if (point !== null) saved.push(point);
  }
  return saved;
}

/** The base model of the lineage, as the point before the first step of its first branch. */
export async function readLineageBase(options: RestoreOptions): Promise<SavedPoint | null> {
  const lineage = options.lineage.current();
  const base = lineage === null ? null : await readBaseModel(options.paths, lineage.base.id);
  if (base === null || base.hash !== lineage?.base.hash) return null;
  return fromBase(base, options.lineage.ancestry()[0]?.branch ?? 'main');
}

/** Any base model of the workspace, as the point before the first step of `branch`. */
export async function readRequestedBase(
  options: RestoreOptions,
  id: string,
  branch: string,
): Promise<SavedPoint | null> {
  const base = path.basename(id) === id ? await readBaseModel(options.paths, id) : null;
  return base === null ? null : fromBase(base, branch);
}

async function fromBase(base: BaseModel, branch: string): Promise<SavedPoint | null> {
  const files = await readdir(base.folder).catch(unlessTemporary([]));
  if (!files.some((name) => name.endsWith('.safetensors'))) return null;
  return {
    branch,
    step: 0,
    origin: { kind: 'base' },
    model: base.folder,
    optimizerState: null,
    canHardLink: true,
    base: { id: base.id, hash: base.hash },
    hashes: {},
    cursor: null,
    bytes: (base.parameters ?? 0) * 4,
  };
}
