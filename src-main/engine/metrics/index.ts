/**
 * Metrics: curves, evaluations and previews of the active model, and the activity strip, read from the
 * files of the runs.
 * Promises: shows what the runs measured, without steps that were lost, and the same after a restart.
 * Never: drops or invents a measured value, writes a file.
 */
export { createMetrics, type MetricsOptions } from './metrics.ts';
export { RunCosts } from './run-costs.ts';
export type { CurvesInput, Latest, MetricsRoom } from './types.ts';
