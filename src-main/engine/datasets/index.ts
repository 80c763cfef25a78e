/**
 * Datasets: files come in (drop, upload, inbox, by hand), are judged once by the intake worker, and every row is accounted for.
 * Promises: a place is where the file lies; nothing is overwritten, nothing outside the workspace is touched, no row is unaccounted.
 * Never: decides what is trained next (queue), reads a half-copied file, deletes a data file.
 */
export type { RowsInput } from './accounts.ts';
export type { Base } from './intake.ts';
export { judgeKey, plannedSteps } from './intake.ts';
export {
  createDatasets,
  type DatasetsRoom,
  type PassDataset,
  type TrainedDataset,
} from './room.ts';
