/**
 * For: keeping one engine alive for one workspace, and being its client on behalf of the window.
 * Promises: an engine that ends or falls silent is replaced within two seconds; one that is already there is attached to.
 * Never: touches a trainer, ends an engine that lives and answers, or holds state that the engine does not have.
 */
export type { Client } from './feed.ts';
export type { EngineProgram } from './engine-process.ts';
export { createSupervisor } from './supervisor.ts';
export type { Connection, Supervisor } from './supervisor.ts';
