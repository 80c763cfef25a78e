/**
 * Makes one backup: gathers the files, copies them, reads them back, publishes the folder by one
 * rename. A failure leaves nothing.
 */
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { type BackupSource, type BackupType, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import type { DiskRoom } from '../disk/index.ts';
import { type Gathered, gather, type SourceOptions } from './sources.ts';
import type { BackupStore, KnownBackup } from './store.ts';
import type { Threads } from './threads.ts';
import { removeInside } from '../../kit/confined.ts';

export interface BackupInput {
  readonly source: BackupSource;
  readonly type: BackupType;
  readonly reason: string;
  readonly by: string;
}

export interface MakingOptions extends SourceOptions {
  readonly disk: DiskRoom;
  readonly clock: Clock;
  readonly store: BackupStore;
  readonly threads: Threads;
}

/** Space for the records and the folders. */
const OVERHEAD_BYTES = 1 << 20;

/**
 * Refusals NOT_FOUND, INVALID, NOT_READY (nothing to copy, a damaged source, a copy that does not
 * read back), DISK_FULL.
 */
export async function makeBackup(options: MakingOptions, input: BackupInput): Promise<KnownBackup> {
  await mkdir(options.paths.backups, { recursive: true });
  const { id, partial } = await options.store.begin(input.type, options.clock.now());
  // Next to the partial folder; both are removed whatever happens.
  const pin = `${partial.slice(0, -'.partial'.length)}.pin.partial`;
  try {
    const gathered = await gather(options, input.source, pin);
    const bytes = gathered.files.reduce((sum, file) => sum + file.size, 0);
    await options.disk.reserve(
      `backup ${id}`,
      bytes + OVERHEAD_BYTES,
      `a backup of ${gathered.title}`,
    );
    const files = await copyVerified(options, gathered, path.join(partial, 'content'));
    const made = await options.store.publish(
      partial,
      {
        format: 1,
        backup: {
          format: 1,
          id,
          type: input.type,
          reason: input.reason,
          by: input.by,
          created: options.clock.now(),
          source: input.source,
          branch: gathered.branch,
          step: gathered.step,
          holds: gathered.holds,
          bytes,
          files: gathered.files.length,
        },
        files,
        folders: [...gathered.folders],
        links: [...gathered.links],
      },
      options.clock.now(),
    );
    return made;
  } catch (error) {
    throw toRefusal(error, options.paths.backups);
  } finally {
    options.disk.release(`backup ${id}`);
    await removeInside(options.paths.backups, partial);
    await removeInside(options.paths.backups, pin);
  }
}

/** Copies the files and reads them back. Returns the file list of the manifest. */
async function copyVerified(
  options: MakingOptions,
  gathered: Gathered,
  content: string,
): Promise<Record<string, { size: number; sha256: string; mode: number }>> {
  for (const name of gathered.folders) await mkdir(path.join(content, name), { recursive: true });
  const items = gathered.files.map(({ name, path: from, size, mode }) => ({
    from,
    to: path.join(content, name),
    size,
    mode,
  }));
  for (const item of items) await mkdir(path.dirname(item.to), { recursive: true });
  const hashes = await options.threads.copy(items);
  for (const { name, target } of gathered.links) await symlink(target, path.join(content, name));
  return Object.fromEntries(
    gathered.files.map(({ name, size, mode }, at) => {
      const { source = '', copy = 'none' } = hashes[at] ?? {};
      if (source !== copy)
        throw new Refusal(
          'NOT_READY',
          `The copy of ${name} can't be read back as it was written, so the backup was discarded.`,
          {
            subject: name,
            next: 'Check the disk that stores the backups. The source is unchanged.',
          },
        );
      const known = gathered.expected[name];
      if (known !== undefined && known.sha256 !== source)
        throw new Refusal(
          'NOT_READY',
          `${gathered.title} is damaged: the content of ${path.basename(name)} has changed (SHA-256 mismatch).`,
          {
            subject: gathered.title,
            next: 'Back up another version or the model instead.',
          },
        );
      return [name, { size, sha256: source, mode }] as const;
    }),
  );
}

/** Turns I/O errors into refusals; any other error is a bug and stays one. */
function toRefusal(error: unknown, where: string): unknown {
  if (error instanceof Refusal || !(error instanceof Error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new Refusal(
        'DISK_FULL',
        `The disk of ${where} is full; the backup was not completed.`,
        {
          subject: where,
          next: 'The incomplete copy was removed. Free disk space, then try again.',
        },
      );
    case 'CHANGED':
      return new Refusal('NOT_READY', `${message}, so the backup was discarded.`, {
        next: 'Back it up while no program writes to it.',
      });
    case 'EACCES':
    case 'EPERM':
    case 'EIO':
    case 'ENOENT':
    case 'EROFS':
      return new Refusal('NOT_READY', `Couldn't create the backup: ${message}.`, {
        next: 'The source is unchanged. Check the permissions of the file named above.',
      });
    default:
      return error;
  }
}
