/** What a backup of each source consists of: files to be copied, and what is known of the point they hold. */
import { link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type BackupSource, Refusal } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { type FileList, type FoundFile, readFolder } from '../../kit/index.ts';
import { type Walk, walkCheckpoints } from '../checkpoints/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import type { VersionsRoom } from '../versions/index.ts';

export interface Gathered {
  /** By name inside `content/`. */
  readonly files: readonly FoundFile[];
  readonly folders: readonly string[];
  readonly links: readonly { readonly name: string; readonly target: string }[];
  readonly branch: string | null;
  readonly step: number | null;
  readonly holds: string;
  /** What each file holds by its own record, checked while it is copied. */
  readonly expected: FileList;
  /** `step 1,200 of main`. */
  readonly title: string;
}

export interface SourceOptions {
  readonly paths: WorkspacePaths;
  readonly versions: VersionsRoom;
  readonly trainer: Pick<TrainerRoom, 'work'>;
}

const named = (found: readonly FoundFile[], prefix: string): FoundFile[] =>
  found.map((file) => ({ ...file, name: `${prefix}/${file.name}` }));

/** A folder of the workspace under its own place in it, so that `content/` can be laid over an empty workspace by hand. */
async function ofWorkspace(
  paths: WorkspacePaths,
  place: string,
  from = path.join(paths.root, place),
): Promise<Pick<Gathered, 'files' | 'folders'>> {
  const content = await readFolder(from);
  const parts = place.split('/');
  const parents = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
  return {
    files: named(content.files, place),
    folders: [...parents, ...content.folders.map((name) => `${place}/${name}`)],
  };
}

async function oneFile(paths: WorkspacePaths, place: string): Promise<FoundFile[]> {
  const at = path.join(paths.root, place);
  const found = await stat(at).catch(() => null);
  if (found?.isFile() !== true) return [];
  return [{ name: place, path: at, size: found.size, mode: found.mode & 0o777 }];
}

/**
 * Hard links of a branch's checkpoints: the trainer rotates its ring while a copy is made, and what is linked stays. Where links cannot be
 * made the branch's own folder is read.
 */
async function pinned(branchFolder: string, pin: string): Promise<string> {
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
    await rm(pin, { recursive: true, force: true });
    // Rotated away between the look and the link: the next attempt sees the ring as it is then.
    if (code === 'ENOENT') throw error;
    return branchFolder;
  }
}

async function pinnedAtLast(branchFolder: string, pin: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await pinned(branchFolder, pin);
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

/** The newest checkpoint of the head's branch whose bytes all verify, the lineage, and the frozen facts of the pass it is in. */
async function model(options: SourceOptions, pin: string): Promise<Gathered> {
  const branch = options.versions.branch();
  const folder = options.paths.checkpoints(branch);
  const root = await stat(folder).then(
    () => pinnedAtLast(folder, pin),
    () => folder,
  );
  const walk: Walk = await walkCheckpoints(options.trainer, root);
  const found = walk.resumes;
  if (found === null)
    throw new Refusal(
      'NOT_READY',
      walk.skipped.length === 0
        ? `There is no checkpoint of ${branch} yet, so there is nothing to back up.`
        : `No checkpoint of ${branch} verifies: ${walk.skipped[0]?.reason ?? ''}.`,
      { subject: folder, next: 'Train first; a checkpoint is saved every save_steps steps.' },
    );
  const place = `current_model/checkpoints/${branch}/${path.basename(found.folder)}`;
  const { files, folders } = await ofWorkspace(options.paths, place, found.folder);
  const facts = [...(await oneFile(options.paths, 'current_model/lineage.json'))];
  const parents: string[] = [];
  const dataset = found.cursor?.dataset ?? '';
  if (/^[\w.-]+$/.test(dataset) && !dataset.startsWith('.')) {
    const at = `data/datasets/${dataset}`;
    for (const name of ['pass.json', 'meta.json'])
      facts.push(...(await oneFile(options.paths, `${at}/${name}`)));
    if (facts.some((fact) => fact.name.startsWith(at))) parents.push('data', 'data/datasets', at);
  }
  return {
    files: [...files, ...facts],
    folders: [...folders, ...parents],
    links: [],
    branch,
    step: found.step,
    holds: 'weights, optimizer, data place',
    expected: {},
    title: `step ${String(found.step)} of ${branch}`,
  };
}

/** Its own SHA-256 are compared while it is copied: a damaged version makes no backup. */
async function version(options: SourceOptions, name: string): Promise<Gathered> {
  const { version: facts } = await options.versions.get(name);
  const place = `models/versions/${name}`;
  const { files, folders } = await ofWorkspace(options.paths, place, facts.folder);
  const record = await options.versions.fileList(name);
  if (typeof record === 'string')
    throw new Refusal('NOT_READY', `${name} is damaged: ${record}.`, {
      subject: name,
      next: 'A backup of it would hold the damage; another version or the model can be backed up.',
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

/** Any folder of this machine, as it is. Links that stay inside are kept as links; everything that cannot be copied whole is refused. */
async function folder(options: SourceOptions, wanted: string): Promise<Gathered> {
  const refuse = (message: string, next: string): never => {
    throw new Refusal('INVALID', message, { subject: wanted, next });
  };
  if (!path.isAbsolute(wanted)) refuse(`${wanted} is not a whole path.`, 'Name it from the root.');
  const root = path.resolve(wanted);
  const facts = await stat(root).catch(() => null);
  if (facts === null)
    throw new Refusal('NOT_FOUND', `There is no folder ${root}.`, { subject: root });
  if (!facts.isDirectory()) refuse(`${root} is not a folder.`, 'Name the folder that holds it.');
  const inside = path.relative(root, options.paths.backups);
  if (inside === '' || (!inside.startsWith('..') && !path.isAbsolute(inside)))
    refuse(`The backups lie inside ${root}.`, 'A backup of them would hold itself.');
  const content = await readFolder(root);
  const odd = [...content.special, ...content.files.map((file) => file.name)].filter(
    (name) => content.special.includes(name) || name === '__proto__',
  );
  const some = (names: readonly string[]): string =>
    names.slice(0, 3).join(', ') +
    (names.length > 3 ? ` and ${String(names.length - 3)} more` : '');
  if (odd.length > 0)
    refuse(
      `${root} holds what is no plain file, folder or link: ${some(odd)}.`,
      'Take it out, or back up a folder inside.',
    );
  if (content.outside.length > 0)
    refuse(
      `${root} holds links that lead outside of it: ${some(content.outside)}.`,
      'What they lead to would be missing; back up the folder that holds both.',
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

/** `pin`: a folder that may be made and filled with links; the caller removes it. Refusals NOT_FOUND, NOT_READY, INVALID. */
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
