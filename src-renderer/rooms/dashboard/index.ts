/**
 * Dashboard: current state, the last day, and the curves of the training.
 * Promises: every number has its age; an unknown value is a dash with the reason.
 * Never: computes a metric of its own, except the moving average of the loss.
 */
export { Dashboard } from './dashboard.tsx';
export { prepare } from './prepare.ts';
