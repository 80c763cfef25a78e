/** Disk use of the workspace by kind. Scans the folders; reads no file. */
import { lstat, opendir } from 'node:fs/promises';
import path from 'node:path';
import { type DiskUse, usedPart } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

export type DiskPart = DiskUse['parts'][number]['id'];

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

interface FoundFile {
  readonly part: DiskPart;
  readonly bytes: number;
  readonly links: number;
  readonly inode: string;
}

/**
 * Allocated blocks; a file with several hard links counts once, in the first part that has it.
 * Pure.
 */
export function sumUse(found: readonly FoundFile[]): DiskUse['parts'] {
  const seen = new Set<string>();
  const sums = new Map<DiskPart, { bytes: number; files: number }>();
  for (const part of usedPart.options) {
    const sum = { bytes: 0, files: 0 };
    for (const file of found) {
      if (file.part !== part) continue;
      sum.files += 1;
      if (file.links > 1) {
        if (seen.has(file.inode)) continue;
        seen.add(file.inode);
      }
      sum.bytes += file.bytes;
    }
    sums.set(part, sum);
  }
  return usedPart.options.map((id) => ({ id, ...(sums.get(id) ?? { bytes: 0, files: 0 }) }));
}

async function scan(folder: string, root: string, into: FoundFile[]): Promise<void> {
  const directory = await opendir(folder).catch(unlessTemporary(null));
  if (directory === null) return;
  for await (const entry of directory) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) await scan(full, root, into);
    else {
      // A symbolic link uses no space here, nor does a file that was just removed.
      const facts = await lstat(full).catch(unlessTemporary(null));
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
  const found: FoundFile[] = [];
  await scan(paths.root, paths.root, found);
  return sumUse(found);
}
