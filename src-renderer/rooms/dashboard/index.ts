/**
 * Dashboard: what the trainer does now, did in the last day, and is learning.
 * Promises: every number says how old it is; what is not known is a dash with its reason.
 * Never: computes a metric of its own beyond the moving average that the reader asked for.
 */
export { Dashboard } from './dashboard.tsx';
export { prepare } from './prepare.ts';
