/**
 * Backups: independent copies of the model, of a version, or of any folder.
 * Promises: every byte is read back before a backup has a name; it shares no block and no link with anything; what fails leaves nothing.
 * Never: changes a source, calls a copy good that did not verify, removes the last good one of a type.
 */
export type { BackupInput } from './making.ts';
export { type BackupsRoom, createBackups } from './backups.ts';
