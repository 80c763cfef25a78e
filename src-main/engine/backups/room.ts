/** The backups room: what is known of the backups, and what is done with them. */
import type { Backup, BackupType } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import type { VersionsRoom } from '../versions/index.ts';
import { type BackupInput, makeBackup } from './making.ts';
import { BackupStore, type KnownBackup } from './store.ts';
import { createThreads } from './threads.ts';

export type BackupsRoom = Awaited<ReturnType<typeof createBackups>>;

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

export async function createBackups(o: {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly disk: DiskRoom;
  readonly journal: Journal;
  readonly versions: VersionsRoom;
  readonly trainer: Pick<TrainerRoom, 'work'>;
  readonly clock: Clock;
}) {
  const threads = createThreads();
  const store = new BackupStore(o.paths, async (file) => (await threads.hash([file]))[0] ?? '');
  const changed = new Emitter<void>();
  const partials = await store.removePartials();
  if (partials > 0)
    o.journal.write({
      what: 'backups.partials',
      text: `${partials === 1 ? 'An unfinished backup was' : `${String(partials)} unfinished backups were`} removed.`,
    });
  let known: readonly KnownBackup[] = await store.list();

  async function reread(): Promise<void> {
    known = await store.list();
    changed.emit(undefined);
  }

  const withRetention = (one: KnownBackup): Backup => ({ ...one, keep_until: null });

  return {
    changed,
    /** Newest first. */
    list: (): readonly Backup[] => known.map(withRetention),
    /** Refusals NOT_FOUND, INVALID, NOT_READY, DISK_FULL; nothing is left of a backup that was not completed. */
    async create(input: BackupInput & { readonly type: BackupType }): Promise<Backup> {
      const made = await makeBackup({ ...o, store, threads }, input);
      o.journal.write({
        what: 'backups.create',
        text: `Backup ${made.id} was made and read back: ${made.holds}, ${megabytes(made.bytes)} (${input.reason}; ${input.by}).`,
        step: made.step,
        evidence: { folder: made.folder, source: input.source, files: made.files },
      });
      await reread();
      return withRetention(made);
    },
    /** Where the copied files of a backup lie: as they lay in the workspace, or as in the folder that was copied. */
    contentOf: (id: string): string => store.contentOf(id),
    close(): void {
      threads.close();
    },
  };
}
