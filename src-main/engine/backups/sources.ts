/**
 * What a backup of each source consists of: the files to copy, and the point of the lineage that
 * they belong to.
 */
import { link, mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type BackupSource, Refusal } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { type FileList, type FoundFile, readFolder, removeInside } from '../../kit/index.ts';
import { discoverCheckpoints } from '../checkpoints/index.ts';
import type { LineageRoom } from '../lineage/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import type { VersionsRoom } from '../versions/index.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

export interface Gathered {
  /** By name inside `content/`. */
  readonly files: readonly FoundFile[];
  readonly folders: readonly string[];
  readonly links: readonly { readonly name: string; readonly target: string }[];
  readonly branch: string | null;
  readonly step: number | null;
  readonly holds: string;
  /** Checksums of the source's own record, compared while it is copied; empty when it has none. */
  readonly expected: FileList;
  /** `step 1,200 of main`. */
  readonly title: string;
}

/** The trainer's rotation may remove a checkpoint while the links are made. */
const PIN_ATTEMPTS = 5;

export interface SourceOptions {
  readonly paths: WorkspacePaths;
  readonly lineage: Pick<LineageRoom, 'branch'>;
  readonly versions: Pick<VersionsRoom, 'get' | 'fileList'>;
  readonly trainer: Pick<TrainerRoom, 'work'>;
}

const prefixed = (found: readonly FoundFile[], prefix: string): FoundFile[] =>
  found.map((file) => ({ ...file, name: `${prefix}/${file.name}` }));

/**
 * A workspace folder under its own path, so that `content/` can be copied over an empty workspace
 * by hand.
 */
async function workspaceFolder(
  paths: WorkspacePaths,
  place: string,
  from = path.join(paths.root, place),
): Promise<Pick<Gathered, 'files' | 'folders'>> {
  const content = await readFolder(from);
  const parts = place.split('/');
  const parents = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
  return {
    files: prefixed(content.files, place),
    folders: [...parents, ...content.folders.map((name) => `${place}/${name}`)],
  };
}

async function workspaceFile(paths: WorkspacePaths, place: string): Promise<FoundFile[]> {
  const at = path.join(paths.root, place);
  const found = await stat(at).catch(unlessTemporary(null));
  if (found?.isFile() !== true) return [];
  return [{ name: place, path: at, size: found.size, mode: found.mode & 0o777 }];
}

/**
 * Hard-links a branch's checkpoints into `pin`, so that the trainer's rotation can't remove them
 * during the copy. Returns the folder to read: `pin`, or the branch's own folder where hard links
 * aren't possible.
 */
async function pinCheckpoints(branchFolder: string, pin: string): Promise<string> {
  try {
    for (const name of await readdir(branchFolder)) {
      if (!/^step-\d{8}$/.test(name)) continue;
      const content = await readFolder(path.join(branchFolder, name));
      await mkdir(path.join(pin, name), { recursive: true });
      for (const folder of content.folders) await mkdir(path.join(pin, name, folder));
      for (const file of content.files) await link(file.path, path.join(pin, name, file.name));
    }
    return pin;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    await removeInside(path.dirname(pin), pin);
    // Rotated away after it was listed: the next attempt lists the folder again.
    if (code === 'ENOENT') throw error;
    return branchFolder;
  }
}

async function pinWithRetries(branchFolder: string, pin: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await pinCheckpoints(branchFolder, pin);
    } catch (error) {
      if (attempt === PIN_ATTEMPTS) throw error;
    }
  }
}

/**
 * The newest verified checkpoint of the branch that is trained, the lineage, and the records of the
 * pass it is in.
 */
async function model(options: SourceOptions, pin: string): Promise<Gathered> {
  const branch = options.lineage.branch();
  const folder = options.paths.checkpoints(branch);
  const root = await stat(folder).then(
    () => pinWithRetries(folder, pin),
    () => folder,
  );
  const { resumes: found, skipped } = await discoverCheckpoints(options.trainer, root);
  if (found === null)
    throw new Refusal(
      'NOT_READY',
      skipped.length === 0
        ? `There is no checkpoint of ${branch} to back up yet.`
        : `No checkpoint of ${branch} verifies: ${skipped[0]?.reason ?? ''}.`,
      { subject: folder, next: 'Train first; a checkpoint is saved every save_steps steps.' },
    );
  const place = `current_model/checkpoints/${branch}/${path.basename(found.folder)}`;
  const { files, folders } = await workspaceFolder(options.paths, place, found.folder);
  const facts = [...(await workspaceFile(options.paths, 'current_model/lineage.json'))];
  const parents: string[] = [];
  const dataset = found.cursor?.dataset ?? '';
  if (/^[\w.-]+$/.test(dataset) && !dataset.startsWith('.')) {
    const at = `data/datasets/${dataset}`;
    for (const name of ['pass.json', 'meta.json'])
      facts.push(...(await workspaceFile(options.paths, `${at}/${name}`)));
    if (facts.some((fact) => fact.name.startsWith(at))) parents.push('data', 'data/datasets', at);
  }
  return {
    files: [...files, ...facts],
    folders: [...folders, ...parents],
    links: [],
    branch,
    step: found.step,
    holds: 'weights, optimizer state, dataset position',
    expected: {},
    title: `step ${String(found.step)} of ${branch}`,
  };
}

/** Its checksums are compared while it is copied: a damaged version must not become a backup. */
async function version(options: SourceOptions, name: string): Promise<Gathered> {
  const { version: facts } = await options.versions.get(name);
  const place = `models/versions/${name}`;
  const { files, folders } = await workspaceFolder(options.paths, place, facts.folder);
  const record = await options.versions.fileList(name);
  if (typeof record === 'string')
    throw new Refusal('NOT_READY', `${name} is damaged: ${record}.`, {
      subject: name,
      next: 'Back up another version or the model instead.',
    });
  const expected = Object.fromEntries(
    Object.entries(record).map(([file, entry]) => [`${place}/${file}`, entry]),
  );
  return {
    files,
    folders,
    links: [],
    branch: facts.branch,
    step: facts.step,
    holds: 'weights',
    expected,
    title: name,
  };
}

/**
 * Any folder of this machine. Links that stay inside are kept as links; content that can't be
 * copied completely is refused.
 */
async function folder(options: SourceOptions, wanted: string): Promise<Gathered> {
  const refuse = (message: string, next: string): never => {
    throw new Refusal('INVALID', message, { subject: wanted, next });
  };
  if (!path.isAbsolute(wanted))
    refuse(`${wanted} is not an absolute path.`, 'Give the full path of the folder.');
  const root = path.resolve(wanted);
  const facts = await stat(root).catch(unlessTemporary(null));
  if (facts === null)
    throw new Refusal('NOT_FOUND', `There is no folder ${root}.`, { subject: root });
  if (!facts.isDirectory())
    refuse(`${root} is not a folder.`, 'Back up the folder that contains it.');
  const inside = path.relative(root, options.paths.backups);
  if (inside === '' || (!inside.startsWith('..') && !path.isAbsolute(inside)))
    refuse(
      `${root} contains the backups folder.`,
      'A backup of it would include itself; back up a folder inside it.',
    );
  const content = await readFolder(root);
  const uncopyable = [...content.special, ...content.files.map((file) => file.name)].filter(
    (name) => content.special.includes(name) || name === '__proto__',
  );
  const some = (names: readonly string[]): string =>
    names.slice(0, 3).join(', ') +
    (names.length > 3 ? ` and ${String(names.length - 3)} more` : '');
  if (uncopyable.length > 0)
    refuse(
      `${root} contains items other than files, folders and links: ${some(uncopyable)}.`,
      'Move them away, or back up a folder inside.',
    );
  if (content.outside.length > 0)
    refuse(
      `${root} contains links to files outside of it: ${some(content.outside)}.`,
      'Their targets would be missing; back up a folder that contains both.',
    );
  return {
    files: content.files,
    folders: content.folders,
    links: content.links,
    branch: null,
    step: null,
    holds: `${String(content.files.length)} ${content.files.length === 1 ? 'file' : 'files'} of ${root}`,
    expected: {},
    title: root,
  };
}

/**
 * `pin`: a folder that may be created for hard links; the caller removes it. Refusals NOT_FOUND,
 * NOT_READY, INVALID.
 */
export async function gather(
  options: SourceOptions,
  source: BackupSource,
  pin: string,
): Promise<Gathered> {
  switch (source.kind) {
    case 'model':
      return model(options, pin);
    case 'version':
      return version(options, source.name);
    case 'folder':
      return folder(options, source.path);
  }
}
