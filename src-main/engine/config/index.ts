/**
 * Config: factory values, the user's differences, staged changes, and the locks of the open pass.
 * Promises: a pass ends with the values it began with; while config.json can't be read, the last good values stay in force and the problem is shown.
 * Never: changes a locked key at a client's request.
 */
export { createConfig } from './config.ts';
export { createExternalCheck, type ExternalCheckOptions } from './external-checks.ts';
export type { ConfigPass, ConfigRoom, ConfigSet } from './types.ts';
