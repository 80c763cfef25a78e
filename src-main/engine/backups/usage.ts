/** Which backups are being read, so that no cleanup removes them. */

export interface BackupUsage {
  /** Marks the backup as in use while `work` runs. */
  readonly using: <T>(id: string, work: () => Promise<T>) => Promise<T>;
  readonly isInUse: (id: string) => boolean;
}

export function createUsage(): BackupUsage {
  /** Number of readers, by id. */
  const readers = new Map<string, number>();
  return {
    using: async (id, work) => {
      readers.set(id, (readers.get(id) ?? 0) + 1);
      try {
        return await work();
      } finally {
        const left = (readers.get(id) ?? 1) - 1;
        if (left === 0) readers.delete(id);
        else readers.set(id, left);
      }
    },
    isInUse: (id) => readers.has(id),
  };
}
