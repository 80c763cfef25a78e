/**
 * Engine: the typed connection and the mirror of the engine's rooms.
 * Promises: the mirror holds the latest state with its time of arrival; a lost connection is reported and restored automatically.
 * Never: lets a screen write into the mirror, or shows an old value as current.
 */
export { engine, onMetrics, runFeed, tryNow } from './feed.ts';
export { attempt, command, troubleOf, useAnswer, useTrouble, type Refused } from './requests.ts';
export type { EngineClient } from './client.ts';
export { typed, useEngine, useLost, useRoom, type Connection } from './store.ts';
