/**
 * Estimate: steps, time, memory and disk that a configuration needs, and the accuracy of earlier
 * estimates.
 * Promises: one formula for every caller; the estimate of a pass is stored when it starts and compared
 * with what it took.
 * Never: presents a guess as measured, changes a setting, delays training.
 */
export { createEstimate, type EstimateOptions } from './estimator.ts';
export type { TimeLeft } from './left.ts';
export type { EstimateRoom } from './types.ts';
