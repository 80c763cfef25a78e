/** Version folders: `models/versions/vNNN_<slug>/`, published whole by one rename. */
import { copyFile, link, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Version, type VersionCheck, version } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import {
  type FileList,
  firstDifference,
  moveFile,
  readFolder,
  readJson,
  readSealed,
  sha256File,
  sizeDifference,
  syncFolder,
  writeJson,
  writeSealed,
} from '../../kit/index.ts';
import { type CheckpointOrigin, checkpointOrigin, readOrigin } from './checkpoints.ts';

const versionFile = version.extend({
  format: z.literal(1),
  /** The pass whose end made it: a second attempt at the same end finds it. */
  pass: z.string().nullable(),
  dataset: z.string().nullable(),
});
export type VersionFile = z.infer<typeof versionFile>;

export const TRASH_DAYS = 30;
const manifestFile = z.object({
  files: z.record(z.string(), z.object({ size: z.number(), sha256: z.string() })),
  /** What the checkpoint said that it was made of, so that it can be gone on from; absent in older versions. */
  checkpoint: checkpointOrigin.nullable().default(null),
});
const numbersFile = z.object({ format: z.literal(1), last: z.number().int() });

export const versionName = (number: number, slug: string): string =>
  `v${String(number).padStart(3, '0')}_${slug}`;

/** Lower case singleKeyShortcuts, digits and single dashes; at most 40. */
export function slugOf(name: string): string {
  const stem = name.replace(/\.((jsonl|json|csv)(\.(gz|zst))?|parquet)$/i, '');
  const slug = stem
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return slug === '' ? 'dataset' : slug;
}

/** What the checkpoint of a version was made of; null in versions that did not keep it, and when the record is not what was written. */
export async function readVersionOrigin(folder: string): Promise<CheckpointOrigin | null> {
  const reading = await readSealed(path.join(folder, 'manifest.json'));
  if (!reading.ok) return null;
  const parsed = manifestFile.safeParse(reading.value);
  return parsed.success ? parsed.data.checkpoint : null;
}

async function isSameFile(name: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [name, other].map((target) => stat(target, { bigint: true }).catch(() => null)),
  );
  return a != null && b != null && a.ino === b.ino && a.dev === b.dev;
}

export class VersionStore {
  private readonly paths: WorkspacePaths;
  constructor(paths: WorkspacePaths) {
    this.paths = paths;
  }

  /** Newest first; folders without a readable version.json are no versions. */
  async list(): Promise<readonly VersionFile[]> {
    const found: VersionFile[] = [];
    for (const name of await readdir(this.paths.versions).catch(() => [])) {
      if (!/^v\d+_/.test(name)) continue;
      const folder = path.join(this.paths.versions, name);
      const parsed = versionFile.safeParse(
        await readJson(path.join(folder, 'version.json')).catch(() => null),
      );
      if (parsed.success) found.push({ ...parsed.data, folder });
    }
    return found.sort((a, b) => b.number - a.number);
  }

  /** Also counts deleted ones: a number is never given twice, not even after a crash in between. */
  async nextNumber(): Promise<number> {
    const file = path.join(this.paths.versions, 'numbers.json');
    const known = numbersFile.safeParse(await readJson(file).catch(() => null));
    const names = await readdir(this.paths.versions).catch(() => []);
    const numbers = names.map((name) => Number(/^v(\d+)_/.exec(name)?.[1] ?? 0));
    const next = Math.max(0, known.success ? known.data.last : 0, ...numbers) + 1;
    await mkdir(this.paths.versions, { recursive: true });
    await writeJson(file, { format: 1, last: next });
    return next;
  }

  /** Hard links cost no space; where they cannot be made the files are copied. */
  async publish(model: string, facts: Omit<VersionFile, 'folder' | 'bytes'>): Promise<VersionFile> {
    await mkdir(this.paths.versions, { recursive: true });
    await this.removePartials();
    const partial = path.join(this.paths.versions, `.${facts.name}.${process.pid}.partial`);
    const folder = path.join(this.paths.versions, facts.name);
    await mkdir(partial);
    const content = await readFolder(model);
    for (const inside of content.folders) await mkdir(path.join(partial, inside));
    const files: Record<string, { size: number; sha256: string }> = {};
    let bytes = 0;
    for (const { name, path: from, size } of content.files) {
      const to = path.join(partial, name);
      await link(from, to).catch(() => copyFile(from, to));
      await syncFile(to);
      files[name] = { size, sha256: await sha256File(to) };
      bytes += size;
    }
    const written: VersionFile = { ...facts, folder, bytes };
    await writeSealed(path.join(partial, 'version.json'), written);
    await writeSealed(path.join(partial, 'manifest.json'), {
      format: 1,
      step: facts.step,
      branch: facts.branch,
      created: facts.created,
      checkpoint: await readOrigin(path.dirname(model)),
      files,
    });
    for (const inside of [...content.folders].reverse())
      await syncFolder(path.join(partial, inside));
    await syncFolder(partial);
    await moveFile(partial, folder);
    return written;
  }

  /** Writes what may change of a version: its pin. One from before seals keeps having none: nobody knows that it is whole. */
  async rewrite(file: VersionFile): Promise<void> {
    const target = path.join(file.folder, 'version.json');
    const before = await readSealed(target);
    if (before.ok && !before.sealed) await writeJson(target, file);
    else await writeSealed(target, file);
  }

  /** The files by the manifest, or what is wrong with the records: each is sealed, or neither is (versions from before seals). */
  async fileList(file: Pick<VersionFile, 'folder'>): Promise<FileList | string> {
    const manifest = await readSealed(path.join(file.folder, 'manifest.json'));
    if (!manifest.ok) return manifest.problem;
    const own = await readSealed(path.join(file.folder, 'version.json'));
    if (!own.ok) return own.problem;
    if (own.sealed !== manifest.sealed)
      return `the content of ${own.sealed ? 'manifest.json' : 'version.json'} is not what was written`;
    const parsed = manifestFile.safeParse(manifest.value);
    return parsed.success ? parsed.data.files : 'manifest.json cannot be read';
  }

  /**
   * Every file against the SHA-256 of the manifest; the first difference is the problem. What is the same file as in `beside`, whose
   * bytes the caller has read against another record just now, is compared by its size alone.
   */
  async verify(
    file: Pick<VersionFile, 'name' | 'folder'>,
    beside: string | null = null,
  ): Promise<VersionCheck> {
    const answer = { name: file.name, files: 0, bytes: 0 };
    const list = await this.fileList(file);
    if (typeof list === 'string') return { ...answer, ok: false, problem: list };
    const [read, unread]: [string[], string[]] = [[], []];
    for (const name of Object.keys(list)) {
      const isRead =
        beside !== null &&
        (await isSameFile(path.join(file.folder, name), path.join(beside, name)));
      (isRead ? read : unread).push(name);
    }
    const only = (names: readonly string[]): FileList =>
      Object.fromEntries(Object.entries(list).filter(([name]) => names.includes(name)));
    const count = (_name: string, { size }: { readonly size: number }): void => {
      answer.files += 1;
      answer.bytes += size;
    };
    for (const name of read) count(name, list[name] ?? { size: 0 });
    const problem =
      (await sizeDifference(file.folder, only(read))) ??
      (await firstDifference(file.folder, only(unread), count));
    return { ...answer, ok: problem === null, problem };
  }

  private readonly trash = (): string => path.join(this.paths.versions, '.trash');

  /** Out of the list by one rename; the files stay for `TRASH_DAYS`. Answers where they lie. */
  async toTrash(file: VersionFile, now: number): Promise<string> {
    const target = path.join(this.trash(), `${file.name}.${String(Math.round(now))}`);
    await moveFile(file.folder, target);
    return target;
  }

  /** Removes what has been in the trash for longer than `TRASH_DAYS`; the names of what went. */
  async emptyTrash(now: number): Promise<readonly string[]> {
    const gone: string[] = [];
    for (const name of await readdir(this.trash()).catch(() => [])) {
      const since = Number(/\.(\d+)$/.exec(name)?.[1] ?? Number.NaN);
      if (!(now - since > TRASH_DAYS * 86_400)) continue;
      await rm(path.join(this.trash(), name), { recursive: true, force: true });
      gone.push(name);
    }
    return gone;
  }

  /** What a killed engine left half-made; only the one engine of the workspace comes here. */
  private async removePartials(): Promise<void> {
    for (const name of await readdir(this.paths.versions).catch(() => []))
      if (name.startsWith('.v') && name.endsWith('.partial'))
        await rm(path.join(this.paths.versions, name), { recursive: true, force: true });
  }
}

/** A link to a file that is durable already costs nothing here; a copy becomes durable. */
async function syncFile(file: string): Promise<void> {
  const handle = await open(file, process.platform === 'win32' ? 'r+' : 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function toVersion(file: VersionFile): Version {
  const { format: _format, pass: _pass, dataset: _dataset, ...rest } = file;
  return rest;
}
