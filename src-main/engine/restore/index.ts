/**
 * Restore: takes the model back to a saved point, on a new branch, in phases that a crash leaves
 * either undone or done.
 * Promises: what was confirmed is what happens; the source is verified and the model backed up
 * before the one switch; every outcome is reported.
 * Never: changes or removes what the old branch has, trains while the head changes, leaves a
 * half-made branch that training could resume from.
 */
export { createRestore, type RestoreRoom } from './restore.ts';
