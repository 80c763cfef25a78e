/**
 * Config: every setting of the schema with lock, unit, help and default, and a diff of the edits
 * before they are saved.
 * Promises: a locked setting never changes while a dataset is training; its change is staged for
 * the next one.
 * Never: applies anything while typing.
 */
export { ConfigScreen } from './config.tsx';
