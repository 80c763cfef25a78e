/** Whether any file below a folder changed since the last look, without reading the files. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { unlessTemporary } from './system-errors.ts';

/** Names, sizes, times and permissions of the folder and everything below it. Never throws. */
export async function fingerprintOf(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true }).catch(unlessTemporary([]));
  const facts = await Promise.all(
    names.sort().map(async (name) => {
      const found = await stat(path.join(folder, name)).catch(unlessTemporary(null));
      return found === null
        ? name
        : `${name} ${found.size} ${found.mtimeMs} ${found.ctimeMs} ${found.mode}`;
    }),
  );
  const own = await stat(folder).catch(unlessTemporary(null));
  return [own?.mode ?? '', ...facts].join('\n');
}
