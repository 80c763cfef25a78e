/**
 * Health: checks with evidence and a fix, the history of crashes, and the cost of monitoring.
 * Promises: a check reports what it read; what can't be checked is unknown, never ok.
 * Never: changes anything, except that it copies a damaged file before the engine replaces it.
 */
export { createDamageReport, type DamageReport } from './damage.ts';
export { createHealth, type HealthRoom } from './health.ts';
