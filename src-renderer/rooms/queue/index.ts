/**
 * Queue: what is trained now, what waits in which order, what is finished and how.
 * Promises: every move is the engine's own order once it has answered; each row of a dataset can be looked up.
 * Never: reorders by itself, or shows an end time that nothing was measured for.
 */
export { queued } from './queue-order.ts';
export { QueueScreen } from './queue.tsx';
