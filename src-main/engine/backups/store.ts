/**
 * Backup folders: `models/backups/<type>/<stamp>/` with `content/` (files by their workspace path),
 * `manifest.json` (what the backup is and the SHA-256 of every file, sealed) and `backup.json` (the
 * same facts and the last verification, sealed).
 */
import { mkdir, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { type Backup, type BackupType, backupType, Refusal } from '../../contract/index.ts';
import {
  type BackupFacts,
  type BackupFile,
  type BackupFolder,
  backupFile,
  type BackupManifest,
  backupManifest,
  backupStamp,
  backupTime,
  isBackupStamp,
  listBackupFolders,
  readBackupFile,
  readBackupManifest,
} from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import {
  isTemporary,
  moveFile,
  removeInside,
  renameInside,
  sizeDifference,
  syncFolder,
  unlessTemporary,
  writeSealed,
} from '../../kit/index.ts';

/** A backup without its retention, which depends on the other backups. */
export type KnownBackup = Omit<Backup, 'keep_until'>;

const contentIn = (folder: string): string => path.join(folder, 'content');

export class BackupStore {
  private readonly paths: WorkspacePaths;
  private readonly hash: (files: readonly string[]) => Promise<readonly string[]>;
  /** `hash`: SHA-256, hex, of each file, outside the event loop. */
  constructor(
    paths: WorkspacePaths,
    hash: (files: readonly string[]) => Promise<readonly string[]>,
  ) {
    this.paths = paths;
    this.hash = hash;
  }

  /**
   * Refusal NOT_FOUND for anything but a type and a stamp, so that an id can't point outside the
   * backups.
   */
  folderOf(id: string): string {
    const [type = '', stamp = '', ...rest] = id.split('/');
    if (!backupType.safeParse(type).success || !isBackupStamp(stamp) || rest.length > 0)
      throw new Refusal('NOT_FOUND', `There is no backup ${id}.`, { subject: id });
    return path.join(this.paths.backups, type, stamp);
  }

  contentOf = (id: string): string => contentIn(this.folderOf(id));

  /** Newest first. A backup with a damaged backup.json is listed as damaged, never omitted. */
  async list(): Promise<readonly KnownBackup[]> {
    const found: KnownBackup[] = [];
    for (const folder of await listBackupFolders(this.paths)) found.push(await this.read(folder));
    return found.sort((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  }

  private async read({ id, type, stamp, folder }: BackupFolder): Promise<KnownBackup> {
    const own = await this.readBackupFile(id);
    if (typeof own !== 'string') return { ...shown(own, folder), verified: own.verified };
    const verified = { t: backupTime(stamp), ok: false, problem: own };
    const manifest = await this.manifest(id);
    if (typeof manifest !== 'string') return { ...shown(manifest.backup, folder), verified };
    return {
      id,
      type,
      reason: 'unknown',
      folder,
      created: backupTime(stamp),
      source: { kind: 'folder', path: folder },
      branch: null,
      step: null,
      holds: 'unknown: backup.json and manifest.json are damaged',
      bytes: 0,
      files: 0,
      verified,
    };
  }

  /** The facts of backup.json, or what is wrong with the file. */
  private readBackupFile(id: string): Promise<BackupFile | string> {
    return readBackupFile({ id, folder: this.folderOf(id) });
  }

  /** The manifest, or what is wrong with it. */
  manifest(id: string): Promise<BackupManifest | string> {
    return readBackupManifest({ id, folder: this.folderOf(id) });
  }

  /**
   * Verifies both records by their seals, each file by its SHA-256, each link by its target. null:
   * no difference.
   */
  async problem(id: string): Promise<string | null> {
    const own = await this.readBackupFile(id);
    if (typeof own === 'string') return own;
    const manifest = await this.manifest(id);
    if (typeof manifest === 'string') return manifest;
    const content = this.contentOf(id);
    const sizes = await sizeDifference(content, manifest.files);
    if (sizes !== null) return sizes;
    const names = Object.keys(manifest.files);
    const hashes = await this.hash(names.map((name) => path.join(content, name))).catch(
      (error: unknown) => {
        const { code, message } = error as NodeJS.ErrnoException;
        // The end of the engine, which has no code, says nothing of the file either.
        if (code == null || isTemporary(error)) throw error;
        return message;
      },
    );
    if (typeof hashes === 'string') return hashes;
    const changed = names.find((name, at) => hashes[at] !== manifest.files[name]?.sha256);
    if (changed !== undefined) return `the content of ${changed} has changed (SHA-256 mismatch)`;
    for (const { name, target } of manifest.links)
      if ((await readlink(path.join(content, name)).catch(unlessTemporary(null))) !== target)
        return `the link ${name} does not point to ${target}`;
    return null;
  }

  /** Records the result of a verification. A damaged backup.json is left as it is. */
  async remember(id: string, verified: NonNullable<Backup['verified']>): Promise<void> {
    const own = await this.readBackupFile(id);
    if (typeof own === 'string') return;
    await writeSealed(
      path.join(this.folderOf(id), 'backup.json'),
      backupFile.toJson({ ...own, verified }),
    );
  }

  /** An unused id, and the partial folder that will be renamed to it. */
  async begin(type: BackupType, now: number): Promise<{ id: string; partial: string }> {
    const parent = path.join(this.paths.backups, type);
    await mkdir(parent, { recursive: true });
    const taken = new Set(await readdir(parent));
    const stamp = backupStamp(now);
    let name = stamp;
    const partialOf = (name: string): string => `.${name}.${String(process.pid)}.partial`;
    for (let next = 2; taken.has(name) || taken.has(partialOf(name)); next += 1)
      name = `${stamp}-${String(next)}`;
    const partial = path.join(parent, partialOf(name));
    await mkdir(contentIn(partial), { recursive: true });
    return { id: `${type}/${name}`, partial };
  }

  /**
   * Writes the records, syncs the folders, then renames once. The files were synced by the copy.
   */
  async publish(partial: string, manifest: BackupManifest, now: number): Promise<KnownBackup> {
    const { backup: made } = manifest;
    const verified = { t: now, ok: true, problem: null };
    await writeSealed(path.join(partial, 'manifest.json'), backupManifest.toJson(manifest));
    await writeSealed(path.join(partial, 'backup.json'), backupFile.toJson({ ...made, verified }));
    for (const folder of [...manifest.folders].reverse())
      await syncFolder(path.join(contentIn(partial), folder));
    await syncFolder(contentIn(partial));
    await syncFolder(partial);
    const folder = this.folderOf(made.id);
    await moveFile(partial, folder);
    await syncFolder(this.paths.backups);
    return { ...shown(made, folder), verified };
  }

  /** One rename first: a crash leaves a partial folder, which the next start removes. */
  async remove(id: string): Promise<void> {
    const folder = this.folderOf(id);
    const name = `.${path.basename(folder)}.${String(process.pid)}.partial`;
    const partial = path.join(path.dirname(folder), name);
    await renameInside(this.paths.backups, folder, partial);
    await syncFolder(path.dirname(folder));
    await removeInside(this.paths.backups, partial);
  }

  /**
   * Removes leftovers of an engine that was killed; safe because a workspace has only one engine.
   * Returns the number.
   */
  async removePartials(): Promise<number> {
    let count = 0;
    for (const parent of ['', ...backupType.options])
      for (const name of await readdir(path.join(this.paths.backups, parent)).catch(
        unlessTemporary([]),
      ))
        if (/^\..*\.partial$/.test(name)) {
          await removeInside(this.paths.backups, path.join(this.paths.backups, parent, name));
          count += 1;
        }
    return count;
  }
}

function shown(made: BackupFacts, folder: string): Omit<KnownBackup, 'verified'> {
  const { format: _format, by: _by, ...rest } = made;
  return { ...rest, folder };
}
