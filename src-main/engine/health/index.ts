/**
 * Health: checks with evidence and a fix, the history of crashes, and the cost of monitoring.
 * Promises: a check reports what it read; what can't be checked is unknown, never ok.
 * Never: changes anything.
 */
export { createHealth, type HealthRoom } from './health.ts';
