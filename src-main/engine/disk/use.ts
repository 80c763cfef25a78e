/** What uses the disk of the workspace, by kind. Walks the folders; reads no file. */
import { lstat, opendir } from 'node:fs/promises';
import path from 'node:path';
import type { DiskUse } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

export type DiskPart = DiskUse['parts'][number]['id'];

const order: readonly DiskPart[] = [
  'checkpoints',
  'versions',
  'backups',
  'bases',
  'cache',
  'datasets',
  'runs',
  'other',
];

/** Which kind a file is, by its path inside the workspace. Pure. */
export function partOf(relative: string): DiskPart {
  const [first, second, third, fourth] = relative.split(path.sep);
  if (first === 'current_model') return second === 'checkpoints' ? 'checkpoints' : 'other';
  if (first === 'models') {
    if (second === 'versions') return 'versions';
    return second === 'backups' ? 'backups' : 'bases';
  }
  if (first === 'data')
    return second === 'datasets' && third !== undefined && fourth === 'cache'
      ? 'cache'
      : 'datasets';
  if (first === 'queue' || first === 'inbox') return 'datasets';
  return first === 'runs' || first === 'logs' || first === 'journal' ? 'runs' : 'other';
}

interface Found {
  readonly part: DiskPart;
  readonly bytes: number;
  readonly links: number;
  readonly inode: string;
}

/** Blocks that are really taken; a file with several names counts once, in the first part of the order. Pure. */
export function sumUse(found: readonly Found[]): DiskUse['parts'] {
  const seen = new Set<string>();
  const sums = new Map<DiskPart, { bytes: number; files: number }>();
  for (const part of order) {
    const sum = { bytes: 0, files: 0 };
    for (const entry of found) {
      if (entry.part !== part) continue;
      sum.files += 1;
      if (entry.links > 1) {
        if (seen.has(entry.inode)) continue;
        seen.add(entry.inode);
      }
      sum.bytes += entry.bytes;
    }
    sums.set(part, sum);
  }
  return order.map((id) => ({ id, ...(sums.get(id) ?? { bytes: 0, files: 0 }) }));
}

async function walk(folder: string, root: string, into: Found[]): Promise<void> {
  const directory = await opendir(folder).catch(() => null);
  if (directory === null) return;
  for await (const entry of directory) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) await walk(full, root, into);
    else {
      // A link points elsewhere; what goes away meanwhile uses nothing.
      const facts = await lstat(full).catch(() => null);
      if (facts === null || facts.isSymbolicLink()) continue;
      into.push({
        part: partOf(path.relative(root, full)),
        bytes: facts.blocks > 0 ? facts.blocks * 512 : facts.size,
        links: facts.nlink,
        inode: `${String(facts.dev)}:${String(facts.ino)}`,
      });
    }
  }
}

export async function measureUse(paths: WorkspacePaths): Promise<DiskUse['parts']> {
  const found: Found[] = [];
  await walk(paths.root, paths.root, found);
  return sumUse(found);
}
