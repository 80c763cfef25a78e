/**
 * Every file of a workspace and of a run folder: schema, reader, writer, path. JSON Schema,
 * Python's protocol.py and the tables of docs/protocol.md are generated from it.
 * Promises: a reader accepts the names of earlier versions, a writer uses today's; a newer format
 * is refused; damaged content is a sentence, never an exception.
 */
export * from './answers.ts';
export * from './backup.ts';
export * from './base-model.ts';
export * from './checkpoint.ts';
export * from './commands.ts';
export * from './config-file.ts';
export * from './dataset.ts';
export * from './dataset-report.ts';
export * from './document.ts';
export * from './engine-state.ts';
export * from './events.ts';
export type { RowOrder } from './fields.ts';
export * from './files.ts';
export * from './folders.ts';
export * from './intake-host.ts';
export * from './inspect.ts';
export * from './journal.ts';
export * from './ledger.ts';
export * from './lineage.ts';
export * from './locks.ts';
export * from './metrics.ts';
export * from './names.ts';
export * from './pass.ts';
export * from './restore-intent.ts';
export * from './run.ts';
export * from './spec-paths.ts';
export * from './spec.ts';
export * from './status-files.ts';
export * from './train-spec.ts';
export * from './upload.ts';
export * from './version.ts';
export * from './workspace.ts';
export * from './workspace-files.ts';
