/**
 * Restore: the model goes back to a kept point, in a new branch, by phases that a crash at any moment leaves either undone or done.
 * Promises: what was agreed to is what happens; the source is read byte by byte and the model copied before the one switch; each end is told.
 * Never: changes or removes what the old branch holds, trains while the head changes, lets a half-made branch be resumed from.
 */
export { createRestore, type RestoreRoom } from './restore.ts';
