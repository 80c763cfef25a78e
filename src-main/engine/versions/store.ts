/** Version folders: `models/versions/vNNN_<slug>/`, published whole by one rename. */
import { copyFile, link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Version, version } from '../../contract/index.ts';
import { moveFile, readJson, writeJson } from '../../kit/files.ts';
import { sha256File } from '../../kit/hash.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';

const versionFile = version.extend({
  format: z.literal(1),
  /** The pass whose end made it: a second attempt at the same end finds it. */
  pass: z.string().nullable(),
  dataset: z.string().nullable(),
});
export type VersionFile = z.infer<typeof versionFile>;

const numbersFile = z.object({ format: z.literal(1), last: z.number().int() });

export const versionName = (number: number, slug: string): string =>
  `v${String(number).padStart(3, '0')}_${slug}`;

/** Lower case letters, digits and single dashes; at most 40. */
export function slugOf(name: string): string {
  const stem = name.replace(/\.(jsonl|json|csv)$/i, '');
  const slug = stem
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return slug === '' ? 'dataset' : slug;
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
    const files: Record<string, { size: number; sha256: string }> = {};
    let bytes = 0;
    for (const entry of await readdir(model, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      const from = path.join(entry.parentPath, entry.name);
      const relative = path.relative(model, from);
      const to = path.join(partial, relative);
      await mkdir(path.dirname(to), { recursive: true });
      await link(from, to).catch(() => copyFile(from, to));
      const { size } = await stat(to);
      files[relative.split(path.sep).join('/')] = { size, sha256: await sha256File(to) };
      bytes += size;
    }
    const written: VersionFile = { ...facts, folder, bytes };
    await writeJson(path.join(partial, 'version.json'), written);
    await writeJson(path.join(partial, 'manifest.json'), {
      format: 1,
      step: facts.step,
      branch: facts.branch,
      created: facts.created,
      files,
    });
    await moveFile(partial, folder);
    return written;
  }

  /** What a killed engine left half-made; only the one engine of the workspace comes here. */
  private async removePartials(): Promise<void> {
    for (const name of await readdir(this.paths.versions).catch(() => []))
      if (name.startsWith('.v') && name.endsWith('.partial'))
        await rm(path.join(this.paths.versions, name), { recursive: true, force: true });
  }
}

export function toVersion(file: VersionFile): Version {
  const { format: _format, pass: _pass, dataset: _dataset, ...rest } = file;
  return rest;
}
