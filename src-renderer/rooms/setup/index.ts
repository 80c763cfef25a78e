/**
 * Setup: the first run, from an empty workspace to the first step.
 * Promises: every check names its fix; a file can be dropped at any moment; what was chosen stays visible.
 * Never: starts anything that was not chosen.
 */
export { FirstRun } from './first-run.tsx';
export { useFirstRun } from './gate.ts';
