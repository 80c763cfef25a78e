/**
 * For: keeping one engine running for one workspace, and connecting the window to it.
 * Promises: a running engine is used; an engine that exits is restarted within two seconds, one
 * that hangs is replaced.
 * Never: signals a trainer, kills an engine that responds, or holds state of its own about
 * training.
 */
export type { Client } from './feed.ts';
export type { EngineProgram } from './engine-process.ts';
export { createSupervisor } from './supervisor.ts';
export type { Connection, Supervisor, SupervisorListener } from './types.ts';
