/** The models of a workspace that can be asked, and the folders of their weights. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type PlaygroundModel, Refusal, resolveId } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { type BaseModel, readBaseModel } from '../base-models/index.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { LineageRoom } from '../lineage/index.ts';
import type { VersionsRoom } from '../versions/index.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

const BASE = 'base:';
const CURRENT = 'current';

export interface ModelSources {
  readonly paths: WorkspacePaths;
  readonly lineage: Pick<LineageRoom, 'branch'>;
  readonly checkpoints: Pick<CheckpointsRoom, 'newest'>;
  readonly versions: Pick<VersionsRoom, 'list'>;
}

/** A model with its folder, and the settings that it was trained with, where they are known. */
export interface AskedModel extends PlaygroundModel {
  readonly folder: string;
  readonly config: Readonly<Record<string, unknown>> | null;
}

export async function askedModels(sources: ModelSources): Promise<readonly AskedModel[]> {
  const { lineage, checkpoints, versions, paths } = sources;
  const newest = await checkpoints.newest();
  const current: readonly AskedModel[] =
    newest === null
      ? []
      : [
          {
            id: CURRENT,
            kind: 'current',
            label: 'Current model',
            branch: lineage.branch(),
            step: newest.step,
            folder: path.join(newest.folder, 'model'),
            config: null,
          },
        ];
  const kept = versions.list().map((version): AskedModel => {
    const { name, branch, step, folder, config } = version;
    return { id: name, kind: 'version', label: name, branch, step, folder, config };
  });
  return [...current, ...kept, ...(await baseModels(paths))];
}

async function baseModels(paths: WorkspacePaths): Promise<readonly AskedModel[]> {
  const names = await readdir(paths.models).catch(unlessTemporary([]));
  const bases = await Promise.all(names.sort().map((name) => readBaseModel(paths, name)));
  return bases
    .filter((base): base is BaseModel => base !== null)
    .map(({ id, label, folder }) => ({
      id: BASE + id,
      kind: 'base',
      label,
      branch: null,
      step: null,
      folder,
      config: null,
    }));
}

/** By id, a base model's plain id, the number of a version, or a unique prefix. Refusals NOT_FOUND, INVALID. Pure. */
export function findModel(models: readonly AskedModel[], wanted: string): AskedModel {
  const ids = models.map((model) => ({
    id: model.id,
    names: model.id.startsWith(BASE) ? [model.id.slice(BASE.length)] : [],
    model,
  }));
  const found = resolveId(wanted, ids, 'model')?.model;
  const known = models.map(({ id }) => id).join(', ');
  if (found === undefined)
    throw new Refusal(
      'NOT_FOUND',
      wanted === CURRENT
        ? 'There is no current model yet: no checkpoint has been saved.'
        : `There is no model ${wanted}.`,
      {
        subject: wanted,
        next: known === '' ? 'Add a base model first.' : `Choose one of these: ${known}.`,
      },
    );
  return found;
}

/** Bytes of the weights in the folder. */
export async function weightBytes(folder: string): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.safetensors'));
  const sizes = await Promise.all(names.map((name) => stat(path.join(folder, name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}
