/**
 * Disk: free space, the minimum free space, and the refusal before something is written that does not fit.
 * Promises: a reading is never older than the check interval; an unknown reading refuses nothing.
 * Never: deletes.
 */
export { createDisk, decideMinimum, type DiskReading, type DiskRoom } from './disk.ts';
