/**
 * Health: checks with their evidence, crash history, monitoring overhead, disk use.
 * Promises: a check that can't run is unknown, never ok; a crash shows what was saved, what was lost, and the end of the log.
 * Never: repairs anything on its own.
 */
export { HealthScreen } from './health.tsx';
