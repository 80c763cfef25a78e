/**
 * Data: uploads with progress and verdict, and a report for every file.
 * Promises: the outcome of every row is shown with its number and text.
 * Never: parses a file itself, or queues a file that the engine has not validated.
 */
export { Parts, partsOf } from './account.tsx';
export { DataScreen } from './data.tsx';
export { DropOverlay } from './drop-overlay.tsx';
export { addFiles, useUploads } from './uploads.ts';
export { verdictDisplay } from './verdict.ts';
