/**
 * Composition: what `startEngine` is made of: folders, lock, Python, the rooms, and the feed over
 * all rooms.
 * Promises: a workspace belongs to one engine; a client's snapshot comes from the same readers as
 * its changes.
 * Never: decides what a room should decide.
 */
export { createEngineFacts, type LockFacts } from './engine-facts.ts';
export { createFailureReport } from './failure-report.ts';
export { lineageState, startFeed } from './feed-rooms.ts';
export { createPythonFinder } from './python-finder.ts';
export { closeRooms, createRooms } from './rooms.ts';
export { createWorkspaceFolders } from './workspace-folders.ts';
export { lockWorkspace } from './workspace-lock.ts';
