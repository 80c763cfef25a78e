/**
 * Notices: what happened in any room, as a short list for the user; at most one of a kind in 10 minutes, then one summary.
 * Promises: the last 50 survive a restart; a dismissed one stays dismissed.
 * Never: decides anything, is imported by another room.
 */
export { createNotices, type NoticesRoom } from './notices.ts';
