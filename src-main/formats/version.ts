/** Versions, `models/versions/vNNN_<slug>/`: kept weights with what is known of them. */
import { z } from 'zod';
import { type Version, version } from '../contract/index.ts';
import { checkpointOrigin } from './checkpoint.ts';
import { defineFile } from './document.ts';
import { count, formatNumber, integer, text, time } from './fields.ts';
import { branchName, folderName, relativePath, versionFolder } from './names.ts';

export const versionFile = defineFile({
  name: 'version.json',
  damaged: 'The version is reported as damaged',
  group: 'model',
  writer: 'engine, sealed',
  description: 'What the version is; only its pin changes',
  schema: version.extend({
    format: formatNumber,
    name: versionFolder('Name of its folder'),
    branch: branchName('Branch name'),
    pass: folderName('Pass whose end made it').nullable().default(null),
    dataset: folderName('Dataset that was trained last').nullable().default(null),
  }),
});
export type VersionFile = z.infer<typeof versionFile.schema>;

export const versionManifest = defineFile({
  name: 'manifest.json (version)',
  damaged: 'The version is reported as damaged',
  group: 'model',
  writer: 'engine, sealed',
  description: 'Every file of the version with its SHA-256, and what its checkpoint was made of',
  schema: z.object({
    format: formatNumber,
    step: integer('Step of the branch').optional(),
    branch: branchName('Branch name').optional(),
    created: time('When it was made').optional(),
    checkpoint: checkpointOrigin
      .nullable()
      .default(null)
      .describe('Null in versions that did not keep it'),
    files: z
      .record(relativePath, z.object({ size: count('Bytes'), sha256: text('Hash') }))
      .describe('Files by path inside the version'),
  }),
});
export type VersionManifest = z.infer<typeof versionManifest.schema>;

export const versionNumbersFile = defineFile({
  name: 'numbers.json',
  damaged: 'The number follows from the folder names',
  group: 'model',
  writer: 'engine',
  description: 'The last version number, so that none is used twice',
  schema: z.object({ format: formatNumber, last: integer('Last number') }),
});

export const versionName = (number: number, slug: string): string =>
  `v${String(number).padStart(3, '0')}_${slug}`;

/** `how` of versions that were recorded under earlier words. */
const OLD_ORIGINS: readonly (readonly [RegExp, string])[] = [
  [/^by hand/, 'manually'],
  [/^by itself/, 'automatically'],
];

/** How a version came about, in today's words; the file keeps its own, which its seal covers. */
export function versionOrigin(how: string): string {
  return OLD_ORIGINS.reduce((current, [old, word]) => current.replace(old, word), how);
}

/** What clients see of a version. */
export function toVersion(file: VersionFile): Version {
  const { format: _format, pass: _pass, dataset: _dataset, ...rest } = file;
  return { ...rest, how: versionOrigin(file.how) };
}
