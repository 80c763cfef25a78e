/**
 * Backup folders: `models/backups/<type>/<stamp>/` with `content/` (as it lay in the workspace), `manifest.json` (what it is, every
 * file with its SHA-256, sealed) and `backup.json` (the same facts with the last verification, sealed).
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

/** What is kept of a backup between looks; its retention is a matter of the room. */
export type KnownBackup = Omit<Backup, 'keep_until'>;

const stamped = /^\d{8}-\d{6}(-\d+)?$/;
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
  /** `hash`: SHA-256, hex, of each file, away from the engine's loop. */
  constructor(
    paths: WorkspacePaths,
    hash: (files: readonly string[]) => Promise<readonly string[]>,
  ) {
    this.paths = paths;
    this.hash = hash;
  }

  /** The folder of an id; an id is a type and a stamp, and nothing else leads anywhere. Refusal NOT_FOUND. */
  folderOf(id: string): string {
    const [type = '', stamp = '', ...rest] = id.split('/');
    if (!backupType.safeParse(type).success || !stamped.test(stamp) || rest.length > 0)
      throw new Refusal('NOT_FOUND', `There is no backup ${id}.`, { subject: id });
    return path.join(this.paths.backups, type, stamp);
  }

  contentOf = (id: string): string => contentIn(this.folderOf(id));

  /** Newest first. One whose backup.json is damaged is listed as damaged, never left out. */
  async list(): Promise<readonly KnownBackup[]> {
    const found: KnownBackup[] = [];
    for (const type of backupType.options)
      for (const stamp of await readdir(path.join(this.paths.backups, type)).catch(() => []))
        if (stamped.test(stamp)) found.push(await this.read(type, stamp));
    return found.sort((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  }

  private async read(type: BackupType, stamp: string): Promise<KnownBackup> {
    const id = `${type}/${stamp}`;
    const folder = this.folderOf(id);
    const own = await this.ownFile(id);
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
      holds: 'unknown: neither backup.json nor manifest.json can be believed',
      bytes: 0,
      files: 0,
      verified,
    };
  }

  private async ownFile(id: string): Promise<z.infer<typeof backupFile> | string> {
    const reading = await readSealed(path.join(this.folderOf(id), 'backup.json'));
    if (!reading.ok) return reading.problem;
    const parsed = backupFile.safeParse(reading.value);
    return reading.sealed && parsed.success && parsed.data.id === id
      ? parsed.data
      : 'the content of backup.json is not what was written';
  }

  /** The manifest, or what is wrong with it. */
  async manifest(id: string): Promise<BackupManifest | string> {
    const reading = await readSealed(path.join(this.folderOf(id), 'manifest.json'));
    if (!reading.ok) return reading.problem;
    const parsed = manifestFile.safeParse(reading.value);
    return reading.sealed && parsed.success && parsed.data.backup.id === id
      ? parsed.data
      : 'the content of manifest.json is not what was written';
  }

  /** Every byte: both records by their seals, each file by its SHA-256, each link by its target. null: all as it was made. */
  async problem(id: string): Promise<string | null> {
    const own = await this.ownFile(id);
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

  /** Keeps what a verification said. A backup.json that cannot be believed is left as it is. */
  async remember(id: string, verified: NonNullable<Backup['verified']>): Promise<void> {
    const own = await this.ownFile(id);
    if (typeof own === 'string') return;
    await writeSealed(path.join(this.folderOf(id), 'backup.json'), { ...own, verified });
  }

  /** A free id, and the partial folder that becomes it. */
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

  /** The records, every folder durable, then the one rename. The files are durable already. */
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

  /** Out of the list by one rename, then the files. */
  async remove(id: string): Promise<void> {
    const folder = this.folderOf(id);
    const name = `.${path.basename(folder)}.${String(process.pid)}.partial`;
    const aside = path.join(path.dirname(folder), name);
    await rename(folder, aside);
    await syncFolder(path.dirname(folder));
    await rm(aside, { recursive: true, force: true });
  }

  /** What a dead engine left half-made or half-removed; only the one engine of the workspace comes here. Answers how many. */
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
