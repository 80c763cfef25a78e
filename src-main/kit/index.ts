/** No domain words: files, lines, process identity, locks, tails, news, time, order, paths. */
export * from './clock.ts';
export * from './emitter.ts';
export * from './files.ts';
export * from './folder-content.ts';
export * from './hash.ts';
export * from './identity.ts';
export * from './lines.ts';
export * from './lock-file.ts';
export * from './sealed.ts';
export * from './serializer.ts';
export * from './tail.ts';
export * from './workspace.ts';
