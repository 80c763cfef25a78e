/** Version folders: `models/versions/vNNN_<slug>/`, each published by one rename. */
import { copyFile, link, mkdir, open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { VersionCheck } from '../../contract/index.ts';
import {
  type FileList,
  firstDifference,
  moveFile,
  readFolder,
  removeInside,
  sha256File,
  sizeDifference,
  syncFolder,
} from '../../kit/index.ts';
import { listVersions } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { readCheckpointOrigin } from '../checkpoints/index.ts';
import {
  readLastNumber,
  readVersionFile,
  readVersionManifest,
  type VersionFile,
  writeLastNumber,
  writeVersionFile,
  writeVersionManifest,
} from './version-files.ts';
import { ifMissing, unlessTemporary } from '../../kit/system-errors.ts';

export const TRASH_DAYS = 30;

export class VersionStore {
  private readonly paths: WorkspacePaths;
  constructor(paths: WorkspacePaths) {
    this.paths = paths;
  }

  /** Newest first; a folder without a readable version.json is no version. */
  list(): Promise<readonly VersionFile[]> {
    return listVersions(this.paths);
  }

  /**
   * Written down before it is used, so that neither a deletion nor a crash makes a number appear
   * twice.
   */
  async nextNumber(): Promise<number> {
    const names = await readdir(this.paths.versions).catch(ifMissing([]));
    const numbers = names.map((name) => Number(/^v(\d+)_/.exec(name)?.[1] ?? 0));
    const next = Math.max(await readLastNumber(this.paths.versionNumbers), ...numbers) + 1;
    await mkdir(this.paths.versions, { recursive: true });
    await writeLastNumber(this.paths.versionNumbers, next);
    return next;
  }

  /**
   * Hard-links the files of `model`, which takes no space; copies them where links aren't possible.
   */
  async publish(model: string, facts: Omit<VersionFile, 'folder' | 'bytes'>): Promise<VersionFile> {
    await mkdir(this.paths.versions, { recursive: true });
    await this.removePartials();
    const partial = path.join(this.paths.versions, `.${facts.name}.${process.pid}.partial`);
    const folder = path.join(this.paths.versions, facts.name);
    await mkdir(partial);
    const content = await readFolder(model);
    for (const subfolder of content.folders) await mkdir(path.join(partial, subfolder));
    const files: Record<string, { size: number; sha256: string }> = {};
    let bytes = 0;
    for (const { name, path: from, size } of content.files) {
      const to = path.join(partial, name);
      await link(from, to).catch(() => copyFile(from, to));
      await syncFile(to);
      files[name] = { size, sha256: await sha256File(to) };
      bytes += size;
    }
    const version: VersionFile = { ...facts, folder, bytes };
    await writeVersionFile(partial, version);
    await writeVersionManifest(partial, {
      step: facts.step,
      branch: facts.branch,
      created: facts.created,
      checkpoint: await readCheckpointOrigin(path.dirname(model)),
      files,
    });
    for (const subfolder of [...content.folders].reverse())
      await syncFolder(path.join(partial, subfolder));
    await syncFolder(partial);
    await moveFile(partial, folder);
    return version;
  }

  /** Writes what may change of a version: its pin. */
  async rewrite(version: VersionFile): Promise<void> {
    const { seal } = await readVersionFile(version.folder);
    await writeVersionFile(version.folder, version, !(seal.ok && !seal.sealed));
  }

  /**
   * The files by the manifest, or what is wrong with the two records: either both are sealed or
   * neither is.
   */
  async fileList({ folder }: Pick<VersionFile, 'folder'>): Promise<FileList | string> {
    const manifest = await readVersionManifest(folder);
    if (!manifest.ok) return manifest.problem;
    const { seal } = await readVersionFile(folder);
    if (!seal.ok) return seal.problem;
    if (seal.sealed === manifest.sealed) return manifest.files;
    return `the content of ${seal.sealed ? 'manifest.json' : 'version.json'} has changed (checksum missing)`;
  }

  /**
   * Compares every file with the SHA-256 of the manifest; `problem` is the first difference. A file
   * that is hard-linked to one in `verifiedFolder`, whose bytes the caller has just read, is
   * compared by size.
   */
  async verify(
    { name, folder }: Pick<VersionFile, 'name' | 'folder'>,
    verifiedFolder: string | null = null,
  ): Promise<VersionCheck> {
    const check = { name, files: 0, bytes: 0 };
    const list = await this.fileList({ folder });
    if (typeof list === 'string') return { ...check, ok: false, problem: list };
    const verified: Record<string, { size: number; sha256: string }> = {};
    const unverified: Record<string, { size: number; sha256: string }> = {};
    for (const [file, entry] of Object.entries(list)) {
      const isVerified =
        verifiedFolder !== null &&
        (await isSameFile(path.join(folder, file), path.join(verifiedFolder, file)));
      (isVerified ? verified : unverified)[file] = entry;
    }
    const count = (_file: string, { size }: { readonly size: number }): void => {
      check.files += 1;
      check.bytes += size;
    };
    for (const [file, entry] of Object.entries(verified)) count(file, entry);
    const problem =
      (await sizeDifference(folder, verified)) ??
      (await firstDifference(folder, unverified, count));
    return { ...check, ok: problem === null, problem };
  }

  private readonly trash = (): string => this.paths.versionTrash;

  /** One rename; the files stay for `TRASH_DAYS`. Returns their folder. */
  async toTrash(version: VersionFile, now: number): Promise<string> {
    const target = path.join(this.trash(), `${version.name}.${String(Math.round(now))}`);
    await moveFile(version.folder, target);
    return target;
  }

  /** Removes what has been in the trash for longer than `TRASH_DAYS`; returns the names. */
  async emptyTrash(now: number): Promise<readonly string[]> {
    const removed: string[] = [];
    for (const name of await readdir(this.trash()).catch(unlessTemporary([]))) {
      const since = Number(/\.(\d+)$/.exec(name)?.[1] ?? Number.NaN);
      if (!(now - since > TRASH_DAYS * 86_400)) continue;
      await removeInside(this.paths.versions, path.join(this.trash(), name));
      removed.push(name);
    }
    return removed;
  }

  /** Leftovers of an engine that was killed; safe because a workspace has only one engine. */
  private async removePartials(): Promise<void> {
    for (const name of await readdir(this.paths.versions).catch(ifMissing([])))
      if (name.startsWith('.v') && name.endsWith('.partial'))
        await removeInside(this.paths.versions, path.join(this.paths.versions, name));
  }
}

async function isSameFile(file: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [file, other].map((target) => stat(target, { bigint: true }).catch(unlessTemporary(null))),
  );
  return a != null && b != null && a.ino === b.ino && a.dev === b.dev;
}

/** Makes a copy durable; a hard link to a file that was synced before costs nothing here. */
async function syncFile(file: string): Promise<void> {
  const handle = await open(file, process.platform === 'win32' ? 'r+' : 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
