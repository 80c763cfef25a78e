/**
 * What the engine and its clients exchange. Pure: no Node, no Electron. The only part of src-main that
 * the window and the preload may import.
 */
export * from './activity.ts';
export * from './answers.ts';
export * from './backups.ts';
export * from './cadence.ts';
export * from './config-controls.ts';
export * from './config-file.ts';
export * from './config.ts';
export * from './contract.ts';
export * from './crash-history.ts';
export * from './crash-reports.ts';
export * from './crashes.ts';
export * from './datasets.ts';
export * from './diagnostics.ts';
export * from './disk.ts';
export * from './encodings.ts';
export * from './engine.ts';
export * from './estimate.ts';
export * from './feed.ts';
export * from './glossary.ts';
export * from './guide/index.ts';
export * from './health.ts';
export * from './help.ts';
export * from './host.ts';
export * from './journal.ts';
export * from './lineage.ts';
export * from './logs.ts';
export * from './machine.ts';
export * from './mapping-text.ts';
export * from './metrics.ts';
export * from './notices.ts';
export * from './playground.ts';
export * from './queue.ts';
export type * from './procedures.ts';
export * from './refusal.ts';
export * from './resolve-id.ts';
export * from './resume-text.ts';
export * from './sample.ts';
export * from './screens.ts';
export * from './setup.ts';
export * from './shortcuts.ts';
export * from './status.ts';
export * from './system-refusal.ts';
export * from './unsaved-text.ts';
export * from './versions.ts';
export * from './visible-text.ts';
