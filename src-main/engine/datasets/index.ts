/**
 * Datasets: data files are added (copied, uploaded, from the inbox or by hand) and validated, and every
 * row is accounted for.
 * Promises: a dataset's place is the folder of its file; nothing is overwritten; files outside the
 * workspace are not changed.
 * Never: decides what is trained next (queue), reads a half-copied file, deletes a data file.
 */
export type { RowsInput } from './row-queries.ts';
export type { Base } from './intake.ts';
export { validationKey, plannedSteps, remainingSteps } from './intake.ts';
export { createDatasets, type DatasetsRoom } from './datasets.ts';
export type { DatasetMeta } from './meta.ts';
export type { PassDataset, TrainedDataset } from './pass-datasets.ts';
export { readReport } from './report-files.ts';
