/**
 * Backups: independent copies of the model, of a version, or of any folder.
 * Promises: a backup is published only after every byte was read back; it is never hard-linked;
 * what fails leaves nothing behind.
 * Never: changes a source, counts an unverified copy as good, removes the last good backup of a
 * type.
 */
export type { BackupInput } from './making.ts';
export { type BackupsRoom, createBackups } from './backups.ts';
