/** Extracts a backup to a new folder, which gets its name only after every file was verified. */
import { mkdir, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { Refusal } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { isInside, syncFolder } from '../../kit/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { BackupStore } from './store.ts';
import type { Threads } from './threads.ts';

export interface Extracted {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Why a backup can't be extracted to `to`; null: it can. The target is a new folder outside the
 * workspace. Pure.
 */
export function decideTarget(
  to: string,
  workspace: string,
  reading: { readonly exists: boolean; readonly hasParent: boolean },
): { readonly message: string; readonly next: string } | null {
  if (!path.isAbsolute(to))
    return {
      message: `${to} is not an absolute path.`,
      next: 'Give the full path of the new folder.',
    };
  const inside = path.relative(workspace, to);
  if (inside === '' || (!inside.startsWith('..') && !path.isAbsolute(inside)))
    return {
      message: `${to} is inside the workspace.`,
      next: 'Choose a folder outside it. To use the model for training, restore it instead.',
    };
  if (reading.exists)
    return { message: `${to} already exists.`, next: 'Choose a folder that does not exist yet.' };
  if (!reading.hasParent)
    return {
      message: `There is no folder ${path.dirname(to)}.`,
      next: 'Create it first, or choose another one.',
    };
  return null;
}

const exists = (at: string): Promise<boolean> =>
  stat(at).then(
    () => true,
    () => false,
  );

/**
 * Each link is checked once it exists, because others may lie on the way to its target. Returns the
 * first that leads out of the folder.
 */
async function createLinks(
  folder: string,
  links: readonly { readonly name: string; readonly target: string }[],
): Promise<string | null> {
  const root = await realpath(folder);
  for (const { name, target } of links) {
    const link = path.join(root, name);
    if (path.dirname(link) !== (await realpath(path.dirname(link)))) return name;
    await symlink(target, link);
    const real = await realpath(link).catch(() => null);
    if (real !== null && !isInside(root, real)) return name;
  }
  return null;
}

/**
 * Refusals INVALID, NOT_READY when the backup is damaged, DISK_FULL. A failure leaves nothing
 * behind.
 */
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
    exists: await exists(target),
    hasParent: await exists(path.dirname(target)),
  });
  if (refused !== null)
    throw new Refusal('INVALID', refused.message, { subject: to, next: refused.next });
  const damaged = (problem: string): Refusal =>
    new Refusal('NOT_READY', `Backup ${id} is damaged: ${problem}.`, {
      subject: id,
      next: 'Nothing was extracted. Another backup, a version or a checkpoint may have the same weights.',
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
        throw damaged(`the content of ${name} has changed (SHA-256 mismatch)`);
      if (hashes[at].copy !== sha256)
        throw new Refusal(
          'NOT_READY',
          `${name} can't be read back from ${target} as it was written.`,
          {
            subject: target,
            next: 'The backup is unchanged. Check the disk of the new folder.',
          },
        );
    });
    const outer = await createLinks(partial, manifest.links);
    if (outer !== null) throw damaged(`the link ${outer} leads out of the backup`);
    for (const name of [...manifest.folders].reverse()) await syncFolder(path.join(partial, name));
    await syncFolder(partial);
    await rename(partial, target);
    await syncFolder(path.dirname(target));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new Refusal('DISK_FULL', `The disk of ${path.dirname(target)} is full.`, {
        subject: target,
        next: 'The incomplete copy was removed. Free disk space, then try again.',
      });
    throw error;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return { folder: target, files, bytes };
}
