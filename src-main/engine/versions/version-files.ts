/**
 * The records of a version folder, `version.json` and `manifest.json`, both sealed, and
 * `numbers.json` next to the folders.
 */
import path from 'node:path';
import {
  type CheckpointOrigin,
  readOrNull,
  readSealedFormat,
  type SealedFormatReading,
  type VersionFile,
  versionFile,
  type VersionManifest,
  versionManifest,
  versionNumbersFile,
  writeFormat,
} from '../../formats/index.ts';
import { type FileList, writeSealed } from '../../kit/index.ts';

export type { VersionFile } from '../../formats/index.ts';

export interface VersionFileReading {
  /**
   * null: version.json is missing or unreadable. Set even if the seal is broken, so that a damaged
   * version stays listed.
   */
  readonly facts: VersionFile | null;
  readonly seal: SealedFormatReading<VersionFile>;
}

export async function readVersionFile(folder: string): Promise<VersionFileReading> {
  const file = path.join(folder, 'version.json');
  const seal = await readSealedFormat(file, versionFile);
  return { facts: seal.ok ? seal.value : await readOrNull(file, versionFile), seal };
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
  // Relative to the workspace; readers take the folder where the version lies.
  const stored = { ...facts, folder: `models/versions/${facts.name}` };
  await (isSealed
    ? writeSealed(file, versionFile.toJson(stored))
    : writeFormat(file, versionFile, stored));
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
  const reading = await readSealedFormat(path.join(folder, 'manifest.json'), versionManifest);
  if (!reading.ok) return { ok: false, problem: reading.problem };
  const { files, checkpoint } = reading.value;
  return { ok: true, sealed: reading.sealed, files, checkpoint };
}

export function writeVersionManifest(
  folder: string,
  manifest: Omit<VersionManifest, 'format'>,
): Promise<void> {
  return writeSealed(path.join(folder, 'manifest.json'), versionManifest.toJson(manifest));
}

/** 0 when the file is missing or damaged: the folder names are counted as well. */
export async function readLastNumber(file: string): Promise<number> {
  return (await readOrNull(file, versionNumbersFile))?.last ?? 0;
}

export function writeLastNumber(file: string, last: number): Promise<void> {
  return writeFormat(file, versionNumbersFile, { last });
}
