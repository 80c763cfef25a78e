/** A lock file names its holder by process identity. The lock of a dead process counts as free. */
import { link, rename, rm, writeFile } from 'node:fs/promises';
import { readJson, writeJson } from './files.ts';
import { type Identity, isAlive, ownIdentity } from './identity.ts';

export type LockResult<T> =
  | {
      readonly taken: true;
      release(): Promise<void>;
      update(extra: T): Promise<void>;
    }
  | { readonly taken: false; readonly holder: Identity & T };

function asIdentity(value: unknown): Identity | null {
  if (typeof value !== 'object' || value === null) return null;
  const { pid, start } = value as Record<string, unknown>;
  return typeof pid === 'number' && typeof start === 'string' ? { pid, start } : null;
}

/** The live holder; null if the lock is free, invalid or held by a dead process. */
export async function readHolder<T>(path: string): Promise<(Identity & T) | null> {
  const value = await readJson(path).catch(() => null);
  const holder = asIdentity(value);
  return holder !== null && isAlive(holder) ? (value as Identity & T) : null;
}

/**
 * Removes the lock file of a dead process. Another process may have taken the lock since it was
 * read, so the file is first moved aside and checked again; the file of a live holder is put back.
 */
async function removeStale(path: string, aside: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readHolder(aside)) !== null) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

/**
 * Takes the lock, or returns its holder. Creating a hard link is atomic, so only one of several
 * processes succeeds.
 */
export async function takeLock<T extends object>(path: string, extra: T): Promise<LockResult<T>> {
  const own = ownIdentity();
  const content = (facts: T): object => ({ format: 1, ...facts, ...own });
  const candidate = `${path}.${String(own.pid)}`;
  for (let attempt = 0; attempt < 50; attempt++) {
    await writeFile(candidate, JSON.stringify(content(extra)));
    try {
      await link(candidate, path);
      return {
        taken: true,
        update: (facts) => writeJson(path, content(facts)),
        async release() {
          const holder = asIdentity(await readJson(path).catch(() => null));
          if (holder?.pid === own.pid && holder.start === own.start)
            await rm(path, { force: true });
        },
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = await readHolder<T>(path);
      if (holder !== null) return { taken: false, holder };
      await removeStale(path, `${candidate}.stale`);
    } finally {
      await rm(candidate, { force: true });
    }
  }
  throw new Error(`can't take the lock ${path}: other processes keep changing it`);
}
