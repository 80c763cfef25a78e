/**
 * Status: the live state of training (state, step, losses, queue, machine), in memory, in
 * `status/training_status.json` and in the feed for clients.
 * Promises: "training" needs a live process with a fresh heartbeat; a measured value has its step and
 * time; unknown is null.
 * Never: reads an old status file, changes anything.
 */
export { createFeed, type Feed, type FeedSource, type RoomReaders, touchFrom } from './feed.ts';
export { writeScriptFiles } from './script-files.ts';
export { createStatus, type StatusOptions, type StatusRoom } from './status.ts';
