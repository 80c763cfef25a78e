/**
 * Health: the checks with their evidence, the history of crashes, what watching costs, what uses the disk.
 * Promises: what could not be looked at is unknown, never ok; a crash shows what was saved, what was lost, and the log's own words.
 * Never: repairs anything by itself.
 */
export { HealthScreen } from './health.tsx';
