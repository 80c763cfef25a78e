/**
 * Drill: runs `nightshift drill` for the window.
 * Promises: one drill at a time; its results appear one by one; the engine ends it when it exits.
 * Never: touches the workspace; the drill has an engine and a workspace of its own.
 */
export { createDrill, type DrillRoom } from './drill.ts';
