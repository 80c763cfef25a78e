/** A lock is a file that names its holder by identity; a holder that is dead holds nothing. */
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

/** The live holder, or null when the lock is free, broken or held by the dead. */
export async function readHolder<T>(path: string): Promise<(Identity & T) | null> {
  const value = await readJson(path).catch(() => null);
  const holder = asIdentity(value);
  return holder !== null && isAlive(holder) ? (value as Identity & T) : null;
}

/**
 * Takes a dead holder's file away. Between the look and the act another process may have taken the lock: what was moved aside is looked
 * at once more, and a live holder's file is put back.
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

/** Takes the lock or names who holds it. Two that start at once: one wins, by an exclusive link of a complete file. */
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
  throw new Error(`the lock ${path} could not be taken: its file changes all the time`);
}
