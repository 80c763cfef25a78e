/** The folders of a workspace: created, and checked, because somebody else may have prepared them. */
import type { Stats } from 'node:fs';
import { access, constants, lstat, mkdir, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { backupType, Refusal, systemRefusal } from '../../contract/index.ts';
import { workspaceFolders, type WorkspacePaths } from '../../formats/workspace.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';
import { makePrivate } from './private-folders.ts';

const NOT_WRITABLE = ['EACCES', 'EROFS', 'EPERM'];
const OWNER_ONLY = 0o700;
/** Beside the types of backups: of the file system, or of an engine that was killed. */
const OF_A_DISK = /^(lost\+found|\.\d{8}-\d{6}[\d.-]*\.partial)$/;

/** Refusals READ_ONLY, INVALID (a link or another account's folder in place of one of its own). */
export async function createWorkspaceFolders(paths: WorkspacePaths): Promise<void> {
  const { root, inbox, datasets, runs, models, versions, logs, journal, status } = paths;
  try {
    await mkdir(root, { recursive: true, mode: OWNER_ONLY });
    await checkFolders(paths);
    for (const folder of [inbox, datasets, runs, models, versions, logs, journal, status])
      await mkdir(folder, { recursive: true, mode: OWNER_ONLY });
    await access(root, constants.W_OK);
    await makePrivate(paths);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    if (!NOT_WRITABLE.includes(code)) throw systemRefusal(error) ?? error;
    throw new Refusal('READ_ONLY', `Can't write to the workspace ${root} (${code}).`, {
      subject: root,
      next: 'Choose another folder, or give this account write permission.',
    });
  }
}

/** Everything below is read, renamed and removed by name, so a link would lead to foreign files. */
async function checkFolders(paths: WorkspacePaths): Promise<void> {
  // The workspace itself may be reached through a link: its user names it.
  const root = await stat(paths.root);
  checkOwner(paths.root, root);
  for (const folder of workspaceFolders(paths)) await checkFolder(folder, root.uid);
  for (const name of await readdir(paths.branches).catch(unlessTemporary([])))
    await checkFolder(paths.checkpoints(name), root.uid);
  await checkBackups(paths, root.uid);
}

async function checkFolder(folder: string, owner: number): Promise<void> {
  const facts = await lstat(folder).catch(unlessTemporary(null));
  if (facts === null) return;
  if (facts.isSymbolicLink()) throw isLink(folder);
  if (facts.isDirectory() && facts.uid !== owner) checkOwner(folder, facts);
}

const isLink = (folder: string): Refusal =>
  new Refusal('INVALID', `${folder} is a link. Nightshift removes and moves files in it.`, {
    subject: folder,
    next: 'Replace the link by a folder. To use another disk, move the whole workspace there.',
  });

/** Files of root can't have been prepared by a stranger; root may work in the folder of a user. */
function checkOwner(folder: string, { uid }: Pick<Stats, 'uid'>): void {
  const own = process.geteuid?.();
  if (own === undefined || own === 0 || uid === own || uid === 0) return;
  throw new Refusal('INVALID', `${folder} belongs to another account (uid ${String(uid)}).`, {
    subject: folder,
    next: 'Start the engine as that account, or copy the workspace to a folder of your own.',
  });
}

/**
 * Backups may lie on another disk, through a link that the user made: a folder of this account that
 * has nothing but backups and belongs to no other workspace. What is removed later lies inside it.
 */
async function checkBackups(paths: WorkspacePaths, owner: number): Promise<void> {
  const facts = await lstat(paths.backups).catch(unlessTemporary(null));
  if (facts?.isSymbolicLink() === true) {
    const target = await realpath(paths.backups).catch(unlessTemporary(null));
    if (target === null) throw isLink(paths.backups);
    checkOwner(target, await stat(target));
    const types: readonly string[] = backupType.options;
    const names = await readdir(target);
    const other = names.find((name) => !types.includes(name) && !OF_A_DISK.test(name));
    const isOfWorkspace = path.basename(path.dirname(target)) === 'models';
    if (other !== undefined || isOfWorkspace)
      throw new Refusal(
        'INVALID',
        `${paths.backups} leads to ${target}, which ${isOfWorkspace ? 'belongs to another workspace' : `holds more than backups (${other ?? ''})`}.`,
        {
          subject: paths.backups,
          next: 'Let the link lead to a folder of its own, or replace it by a folder.',
        },
      );
  } else await checkFolder(paths.backups, owner);
  for (const type of backupType.options) await checkFolder(path.join(paths.backups, type), owner);
}
