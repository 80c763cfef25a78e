/**
 * Base models: reads the base models of the workspace and knows which one is selected.
 * Promises: until something was trained the lineage follows the selection; after that a different
 * base needs a new lineage.
 * Never: makes or downloads a base model, changes its files, replaces a lineage that has
 * checkpoints.
 */
export { type BaseModel, readBaseModel } from './base-file.ts';
export { type BaseModelsRoom, createBaseModels } from './base-models.ts';
