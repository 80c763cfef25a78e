/**
 * Queue: the current dataset, the waiting ones in order, and the finished ones with their outcome.
 * Promises: shows the engine's order once the engine confirmed a move; every row of a dataset can be looked up.
 * Never: reorders on its own, or shows an end time without a measured speed.
 */
export { queued } from './queue-order.ts';
export { QueueScreen } from './queue.tsx';
