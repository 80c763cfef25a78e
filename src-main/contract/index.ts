/** What crosses the wall. Pure: no Node, no Electron. The only part of src-main that the window and the preload may import. */
export * from './backups.ts';
export * from './config.ts';
export * from './config-controls.ts';
export * from './config-file.ts';
export * from './contract.ts';
export * from './datasets.ts';
export * from './estimate.ts';
export * from './feed.ts';
export * from './lineage.ts';
export * from './refusal.ts';
export * from './rooms.ts';
export * from './status.ts';
