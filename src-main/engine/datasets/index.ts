/**
 * Datasets: files come in (drop, upload, inbox, by hand), are validated once by the intake worker, and every row is accounted for.
 * Promises: a place is where the file lies; nothing is overwritten, nothing outside the workspace is touched, no row is unaccounted.
 * Never: decides what is trained next (queue), reads a half-copied file, deletes a data file.
 */
export type { RowsInput } from './row-queries.ts';
export type { Base } from './intake.ts';
export { validationKey, plannedSteps } from './intake.ts';
export {
  createDatasets,
  type DatasetsRoom,
  type PassDataset,
  type TrainedDataset,
} from './datasets.ts';
