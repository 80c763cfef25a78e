/**
 * Estimate: what a configuration would take (steps, time, memory, disk), and how well the last estimates did.
 * Promises: one formula for every caller; what was estimated at the start of a pass is kept and compared with what happened.
 * Never: hides how sure a figure is, changes a setting, holds up training.
 */
export { createEstimate, type EstimateRoom } from './estimator.ts';
