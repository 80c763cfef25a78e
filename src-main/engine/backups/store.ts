/**
 * Backup folders: `models/backups/<type>/<stamp>/` with `content/` (files by their workspace path),
 * `manifest.json` (what the backup is and the SHA-256 of every file, sealed) and `backup.json` (the
 * same facts and the last verification, sealed).
 */
import { mkdir, readdir, readlink, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Backup, backup, type BackupType, backupType, Refusal } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { moveFile, readSealed, sizeDifference, syncFolder, writeSealed } from '../../kit/index.ts';

const facts = backup
  .omit({ folder: true, keep_until: true, verified: true })
  .extend({ format: z.literal(1), by: z.string() });
export type BackupFacts = z.infer<typeof facts>;

const backupFile = facts.extend({ verified: backup.shape.verified });
const manifestFile = z.object({
  format: z.literal(1),
  backup: facts,
  files: z.record(
    z.string(),
    z.object({ size: z.number(), sha256: z.string(), mode: z.number().int() }),
  ),
  folders: z.array(z.string()),
  links: z.array(z.object({ name: z.string(), target: z.string() })),
});
export type BackupManifest = z.infer<typeof manifestFile>;

/** A backup without its retention, which depends on the other backups. */
export type KnownBackup = Omit<Backup, 'keep_until'>;

const STAMP = /^\d{8}-\d{6}(-\d+)?$/;
const contentIn = (folder: string): string => path.join(folder, 'content');

/** `YYYYMMDD-HHMMSS`, UTC. */
export const stampOf = (now: number): string =>
  new Date(now * 1000).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');

const timeOf = (stamp: string): number => {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(stamp) ?? [];
  const time = Date.parse(`${y ?? ''}-${mo ?? ''}-${d ?? ''}T${h ?? ''}:${mi ?? ''}:${s ?? ''}Z`);
  return Number.isNaN(time) ? 0 : time / 1000;
};

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
    if (!backupType.safeParse(type).success || !STAMP.test(stamp) || rest.length > 0)
      throw new Refusal('NOT_FOUND', `There is no backup ${id}.`, { subject: id });
    return path.join(this.paths.backups, type, stamp);
  }

  contentOf = (id: string): string => contentIn(this.folderOf(id));

  /** Newest first. A backup with a damaged backup.json is listed as damaged, never omitted. */
  async list(): Promise<readonly KnownBackup[]> {
    const found: KnownBackup[] = [];
    for (const type of backupType.options)
      for (const stamp of await readdir(path.join(this.paths.backups, type)).catch(() => []))
        if (STAMP.test(stamp)) found.push(await this.read(type, stamp));
    return found.sort((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  }

  private async read(type: BackupType, stamp: string): Promise<KnownBackup> {
    const id = `${type}/${stamp}`;
    const folder = this.folderOf(id);
    const own = await this.readBackupFile(id);
    if (typeof own !== 'string') return { ...shown(own, folder), verified: own.verified };
    const verified = { t: timeOf(stamp), ok: false, problem: own };
    const manifest = await this.manifest(id);
    if (typeof manifest !== 'string') return { ...shown(manifest.backup, folder), verified };
    return {
      id,
      type,
      reason: 'unknown',
      folder,
      created: timeOf(stamp),
      source: { kind: 'folder', path: folder },
      branch: null,
      step: null,
      holds: 'unknown: backup.json and manifest.json are damaged',
      bytes: 0,
      files: 0,
      verified,
    };
  }

  /** The one reader of backup.json: the facts, or what is wrong with the file. */
  private async readBackupFile(id: string): Promise<z.infer<typeof backupFile> | string> {
    const reading = await readSealed(path.join(this.folderOf(id), 'backup.json'));
    if (!reading.ok) return reading.problem;
    const parsed = backupFile.safeParse(reading.value);
    return reading.sealed && parsed.success && parsed.data.id === id
      ? parsed.data
      : 'the content of backup.json is not what was written';
  }

  /** The one reader of manifest.json: the manifest, or what is wrong with it. */
  async manifest(id: string): Promise<BackupManifest | string> {
    const reading = await readSealed(path.join(this.folderOf(id), 'manifest.json'));
    if (!reading.ok) return reading.problem;
    const parsed = manifestFile.safeParse(reading.value);
    return reading.sealed && parsed.success && parsed.data.backup.id === id
      ? parsed.data
      : 'the content of manifest.json is not what was written';
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
      (error: unknown) => (error as NodeJS.ErrnoException).message,
    );
    if (typeof hashes === 'string') return hashes;
    const changed = names.find((name, at) => hashes[at] !== manifest.files[name]?.sha256);
    if (changed !== undefined) return `the content of ${changed} is not what was written`;
    for (const { name, target } of manifest.links)
      if ((await readlink(path.join(content, name)).catch(() => null)) !== target)
        return `the link ${name} does not point to ${target}`;
    return null;
  }

  /** Records the result of a verification. A damaged backup.json is left as it is. */
  async remember(id: string, verified: NonNullable<Backup['verified']>): Promise<void> {
    const own = await this.readBackupFile(id);
    if (typeof own === 'string') return;
    await writeSealed(path.join(this.folderOf(id), 'backup.json'), { ...own, verified });
  }

  /** An unused id, and the partial folder that will be renamed to it. */
  async begin(type: BackupType, now: number): Promise<{ id: string; partial: string }> {
    const parent = path.join(this.paths.backups, type);
    await mkdir(parent, { recursive: true });
    const taken = new Set(await readdir(parent));
    const stamp = stampOf(now);
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
    await writeSealed(path.join(partial, 'manifest.json'), manifest);
    await writeSealed(path.join(partial, 'backup.json'), { ...made, verified });
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
    await rename(folder, partial);
    await syncFolder(path.dirname(folder));
    await rm(partial, { recursive: true, force: true });
  }

  /**
   * Removes leftovers of an engine that was killed; safe because a workspace has only one engine.
   * Returns the number.
   */
  async removePartials(): Promise<number> {
    let count = 0;
    for (const parent of ['', ...backupType.options])
      for (const name of await readdir(path.join(this.paths.backups, parent)).catch(() => []))
        if (/^\..*\.partial$/.test(name)) {
          await rm(path.join(this.paths.backups, parent, name), { recursive: true, force: true });
          count += 1;
        }
    return count;
  }
}

function shown(made: BackupFacts, folder: string): Omit<KnownBackup, 'verified'> {
  const { format: _format, by: _by, ...rest } = made;
  return { ...rest, folder };
}
