/**
 * Utilities without domain knowledge: files, process identity, locks, line readers, events, time,
 * paths.
 */
export * from './clock.ts';
export * from './command-line.ts';
export * from './confined.ts';
export * from './emitter.ts';
export * from './files.ts';
export * from './folder-content.ts';
export * from './hash.ts';
export * from './identity.ts';
export * from './lines.ts';
export * from './lock-content.ts';
export * from './lock-file.ts';
export * from './regular-file.ts';
export * from './replace.ts';
export * from './sealed.ts';
export * from './serializer.ts';
export * from './system-errors.ts';
export * from './tail.ts';
