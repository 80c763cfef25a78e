/**
 * The records of a version folder, `version.json` and `manifest.json`, both sealed, and
 * `numbers.json` next to the folders.
 */
import path from 'node:path';
import { z } from 'zod';
import { type Version, version } from '../../contract/index.ts';
import {
  type FileList,
  readJson,
  readSealed,
  type SealedReading,
  writeJson,
  writeSealed,
} from '../../kit/index.ts';
import { checkpointOrigin, type CheckpointOrigin } from '../checkpoints/index.ts';

const versionFile = version.extend({
  format: z.literal(1),
  /** The pass whose end made it: a second attempt at the same end finds it. */
  pass: z.string().nullable(),
  dataset: z.string().nullable(),
});
export type VersionFile = z.infer<typeof versionFile>;

const manifestFile = z.object({
  files: z.record(z.string(), z.object({ size: z.number(), sha256: z.string() })),
  /** Lets training continue from the weights; absent in older versions. */
  checkpoint: checkpointOrigin.nullable().default(null),
});
const numbersFile = z.object({ format: z.literal(1), last: z.number().int() });

export interface VersionFileReading {
  /**
   * null: version.json is missing or unreadable. Set even if the seal is broken, so that a damaged
   * version stays listed.
   */
  readonly facts: VersionFile | null;
  readonly seal: SealedReading;
}

export async function readVersionFile(folder: string): Promise<VersionFileReading> {
  const file = path.join(folder, 'version.json');
  const parsed = versionFile.safeParse(await readJson(file).catch(() => null));
  return { facts: parsed.success ? parsed.data : null, seal: await readSealed(file) };
}

/**
 * Versions from before seals existed stay unsealed: a new seal would claim that their bytes were
 * verified.
 */
export async function writeVersionFile(
  folder: string,
  facts: VersionFile,
  isSealed = true,
): Promise<void> {
  const file = path.join(folder, 'version.json');
  await (isSealed ? writeSealed(file, facts) : writeJson(file, facts));
}

export type ManifestReading =
  | {
      readonly ok: true;
      readonly sealed: boolean;
      readonly files: FileList;
      readonly checkpoint: CheckpointOrigin | null;
    }
  | { readonly ok: false; readonly problem: string };

export async function readVersionManifest(folder: string): Promise<ManifestReading> {
  const reading = await readSealed(path.join(folder, 'manifest.json'));
  if (!reading.ok) return { ok: false, problem: reading.problem };
  const parsed = manifestFile.safeParse(reading.value);
  return parsed.success
    ? { ok: true, sealed: reading.sealed, ...parsed.data }
    : { ok: false, problem: "manifest.json can't be read" };
}

export function writeVersionManifest(
  folder: string,
  manifest: z.input<typeof manifestFile> & Pick<VersionFile, 'step' | 'branch' | 'created'>,
): Promise<void> {
  return writeSealed(path.join(folder, 'manifest.json'), { format: 1, ...manifest });
}

/** 0 when the file is missing or damaged: the folder names are counted as well. */
export async function readLastNumber(versionsFolder: string): Promise<number> {
  const file = path.join(versionsFolder, 'numbers.json');
  const parsed = numbersFile.safeParse(await readJson(file).catch(() => null));
  return parsed.success ? parsed.data.last : 0;
}

export function writeLastNumber(versionsFolder: string, last: number): Promise<void> {
  return writeJson(path.join(versionsFolder, 'numbers.json'), { format: 1, last });
}

/** What clients see of a version. */
export function toVersion(file: VersionFile): Version {
  const { format: _format, pass: _pass, dataset: _dataset, ...rest } = file;
  return rest;
}
