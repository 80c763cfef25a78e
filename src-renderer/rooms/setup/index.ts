/**
 * Setup: the first run, from an empty workspace to the first training step.
 * Promises: a failed check says how to fix it; files can be dropped at any time; choices stay
 * visible.
 * Never: starts anything that the user has not chosen.
 */
export { FirstResult } from './first-result.tsx';
export { FirstRun } from './first-run.tsx';
export { useFirstRun } from './gate.ts';
export { WorkspaceForm } from './workspace-form.tsx';
