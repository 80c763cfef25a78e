/**
 * Versions: keeps the weights of checkpoints, lists, pins, verifies and deletes them; makes the
 * daily one.
 * Promises: a number is never used twice; a version is published whole, with a SHA-256 of every
 * file; weights are hard-linked.
 * Never: deletes a version without its name typed, changes a checkpoint, trains.
 */
export { createDaily } from './daily.ts';
export { type Measured, measuredBy, versionMarkers } from './measured.ts';
export { slugOf } from './version-name.ts';
export { createVersions, type VersionsRoom } from './versions.ts';
