/**
 * Engine: the typed connection and the mirror of the engine's rooms.
 * Promises: the mirror is what the engine said last, with the time it was heard; a lost connection is a state and heals itself.
 * Never: lets a screen write into the mirror, or shows an old value as new.
 */
export { engine, runFeed, tryNow } from './feed.ts';
export { attempt, command, troubleOf, useAnswer, useTrouble, type Refused } from './requests.ts';
export type { EngineClient } from './client.ts';
export { onMetrics, useEngine, useLost, useRoom, type Connection } from './store.ts';
