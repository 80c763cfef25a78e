/**
 * Data: files come in, each with its progress, its verdict and a report that can be decided on.
 * Promises: what happened to every row of a file is shown with its number and its text.
 * Never: reads the content of a file itself, or queues what the engine has not validated.
 */
export { Parts, partsOf } from './account.tsx';
export { DataScreen } from './data.tsx';
export { DropOverlay } from './drop-overlay.tsx';
export { takeIn, useUploads } from './uploads.ts';
export { verdictDisplay } from './verdict.ts';
