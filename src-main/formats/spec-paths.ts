/**
 * Paths in `spec.json`: inside the workspace they are relative to the run folder, so that no file
 * of a workspace that was moved or copied leads to the old place. Python resolves them on reading.
 */
import path from 'node:path';
import { isInside } from '../kit/index.ts';
import { isObject, type JsonObject } from './document.ts';

/** Keys of every kind of spec that hold a path; `*` stands for each key of an object. */
export const SPEC_PATHS = [
  'workspace',
  'dataset.folder',
  'dataset.path',
  'dataset.cache',
  'base.folder',
  'lineage.checkpoints',
  'validation.core',
  'sample.folder',
  'evaluate.model',
  'evaluate.questions',
  'evaluate.output',
  'verify.checkpoints',
  'verify.folder',
  'verify.datasets.*',
  'stage.checkpoint',
  'stage.base',
  'stage.intent.file',
  'stage.model',
  'stage.optimizer_state',
  'stage.into',
] as const;

type Change = (value: string) => string;

function changeAt(value: unknown, keys: readonly string[], change: Change): unknown {
  const [first, ...rest] = keys;
  if (first === undefined) return typeof value === 'string' ? change(value) : value;
  if (!isObject(value)) return value;
  const names = first === '*' ? Object.keys(value) : first in value ? [first] : [];
  const changed = names.map((name) => [name, changeAt(value[name], rest, change)] as const);
  return changed.length === 0 ? value : { ...value, ...Object.fromEntries(changed) };
}

/** The spec as it is written to `<runFolder>/spec.json`. Pure. */
export function toStoredSpec(spec: JsonObject, runFolder: string): JsonObject {
  const { workspace } = spec;
  if (typeof workspace !== 'string' || !isInside(workspace, runFolder)) return spec;
  const change: Change = (value) =>
    path.isAbsolute(value) && isInside(workspace, value)
      ? path.relative(runFolder, value).replaceAll(path.sep, '/') || '.'
      : value;
  return SPEC_PATHS.reduce<JsonObject>(
    (stored, key) => changeAt(stored, key.split('.'), change) as JsonObject,
    spec,
  );
}
