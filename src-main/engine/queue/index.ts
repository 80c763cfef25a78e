/**
 * The queue: what is trained next, and what the user wants of it (run, pause, stop, skip, order).
 * Promises: one pass at a time, frozen before it begins; a dataset is done only when planned = done; a deliberate stop stays one.
 * Never: consumes a dataset because the machine failed, trains beside a live trainer, drops the rest of a file.
 */
export { isSelfHealing } from './decide.ts';
export type { Acted } from './commands.ts';
export type { Aftermath } from './restored.ts';
export type { QueueRoom } from './queue.ts';
export { stepOf } from './queue-state.ts';
export type { LineageOpener, NotReady, QueueNews } from './queue-state.ts';
export { createQueue } from './queue.ts';
