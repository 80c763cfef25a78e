/**
 * Queue: what is trained next, and what the user wants of it (run, pause, stop, skip, order).
 * Promises: one pass at a time, frozen before it begins; a dataset is done only when planned = done; a deliberate stop survives a restart.
 * Never: fails a dataset because the machine failed, starts a second trainer, drops the rest of a file.
 */
export type { Aftermath } from './aftermath.ts';
export type { CommandResult } from './commands.ts';
export { createQueue, type QueueRoom } from './queue.ts';
export { type NotReady, type QueueNews, stepOf } from './queue-progress.ts';
export { isSelfHealing } from './queue-rules.ts';
