/** The files of a backup in a new folder of this machine, compared there before the folder has its name. */
import { mkdir, rename, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { Refusal } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { syncFolder } from '../../kit/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { BackupStore } from './store.ts';
import type { Threads } from './threads.ts';

export interface Extracted {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
}

/** Where a backup may be put: a new folder in one that exists, outside of the workspace, whose folders mean something. Pure. */
export function decideTarget(
  to: string,
  workspace: string,
  reading: { readonly exists: boolean; readonly hasParent: boolean },
): { readonly message: string; readonly next: string } | null {
  if (!path.isAbsolute(to))
    return { message: `${to} is not a whole path.`, next: 'Name the new folder from the root.' };
  const inside = path.relative(workspace, to);
  if (inside === '' || (!inside.startsWith('..') && !path.isAbsolute(inside)))
    return {
      message: `${to} lies in the workspace, where every folder has a meaning.`,
      next: 'Name a folder outside; restore puts a model back into the workspace.',
    };
  if (reading.exists)
    return { message: `${to} exists already.`, next: 'Name a folder that does not exist yet.' };
  if (!reading.hasParent)
    return {
      message: `There is no folder ${path.dirname(to)}.`,
      next: 'Make it first, or name another one.',
    };
  return null;
}

const isThere = (at: string): Promise<boolean> =>
  stat(at).then(
    () => true,
    () => false,
  );

/** Refusals INVALID, NOT_READY when the backup is damaged, DISK_FULL. What fails leaves nothing. */
export async function extractBackup(
  options: {
    readonly paths: WorkspacePaths;
    readonly disk: DiskRoom;
    readonly store: BackupStore;
    readonly threads: Threads;
  },
  id: string,
  to: string,
): Promise<Extracted> {
  const target = path.resolve(to);
  const refused = decideTarget(to, options.paths.root, {
    exists: await isThere(target),
    hasParent: await isThere(path.dirname(target)),
  });
  if (refused !== null)
    throw new Refusal('INVALID', refused.message, { subject: to, next: refused.next });
  const damaged = (problem: string): Refusal =>
    new Refusal('NOT_READY', `Backup ${id} is damaged: ${problem}.`, {
      subject: id,
      next: 'Nothing was put anywhere. Another backup, a version or a checkpoint may hold the same.',
    });
  const manifest = await options.store.manifest(id);
  if (typeof manifest === 'string') throw damaged(manifest);
  const { bytes, files } = manifest.backup;
  await options.disk.require(bytes, `the files of ${id}`, path.dirname(target));
  const partial = path.join(
    path.dirname(target),
    `.${path.basename(target)}.${String(process.pid)}.partial`,
  );
  const content = options.store.contentOf(id);
  await mkdir(partial);
  try {
    for (const name of manifest.folders) await mkdir(path.join(partial, name), { recursive: true });
    const list = Object.entries(manifest.files);
    for (const [name] of list)
      await mkdir(path.dirname(path.join(partial, name)), { recursive: true });
    const hashes = await options.threads
      .copy(
        list.map(([name, { size, mode }]) => ({
          from: path.join(content, name),
          to: path.join(partial, name),
          size,
          mode,
        })),
      )
      .catch((error: unknown) => {
        const { code, message } = error as NodeJS.ErrnoException;
        throw code === 'ENOENT' || code === 'CHANGED' || code === 'EIO'
          ? damaged(message)
          : (error as Error);
      });
    list.forEach(([name, { sha256 }], at) => {
      if (hashes[at]?.source !== sha256)
        throw damaged(`the content of ${name} is not what was copied`);
      if (hashes[at].copy !== sha256)
        throw new Refusal('NOT_READY', `${name} does not read back from ${target} as written.`, {
          subject: target,
          next: 'The backup is as it was; the disk of the new folder can be checked.',
        });
    });
    for (const { name, target: to } of manifest.links) await symlink(to, path.join(partial, name));
    for (const name of [...manifest.folders].reverse()) await syncFolder(path.join(partial, name));
    await syncFolder(partial);
    await rename(partial, target);
    await syncFolder(path.dirname(target));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new Refusal('DISK_FULL', `The disk of ${path.dirname(target)} filled up.`, {
        subject: target,
        next: 'What was copied was removed again. Free space there, then try again.',
      });
    throw error;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return { folder: target, files, bytes };
}
