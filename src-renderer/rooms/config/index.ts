/**
 * Config: every setting from the one schema, with lock, unit, help and default; changes are seen as a difference before they are kept.
 * Promises: a locked setting is never changed under a running dataset; its change waits, visibly, for the next one.
 * Never: applies anything while typing.
 */
export { ConfigScreen } from './config.tsx';
