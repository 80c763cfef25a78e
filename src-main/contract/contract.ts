/**
 * The contract between the engine and its clients, grouped by room. The WebSocket procedures, the typed client, REST for scripts,
 * the command line's types and the scripted test double are all derived from it.
 */
import { backupsProcedures } from './procedures/backups.ts';
import { configProcedures } from './procedures/config.ts';
import { datasetsProcedures, uploadsProcedures } from './procedures/datasets.ts';
import {
  accessProcedures,
  engineProcedures,
  feedProcedures,
  setupProcedures,
  statusProcedures,
} from './procedures/engine.ts';
import {
  checkpointsProcedures,
  lineageProcedures,
  restoreProcedures,
  versionsProcedures,
} from './procedures/models.ts';
import {
  diagnosticsProcedures,
  diskProcedures,
  drillProcedures,
  healthProcedures,
  journalProcedures,
  logsProcedures,
  metricsProcedures,
  noticesProcedures,
} from './procedures/observation.ts';
import { playgroundProcedures } from './procedures/playground.ts';
import { queueProcedures, trainingProcedures } from './procedures/training.ts';

/** Increases with every change that an older client would misread. */
export const CONTRACT_VERSION = 3;

export const contract = {
  engine: engineProcedures,
  feed: feedProcedures,
  status: statusProcedures,
  training: trainingProcedures,
  queue: queueProcedures,
  datasets: datasetsProcedures,
  uploads: uploadsProcedures,
  versions: versionsProcedures,
  lineage: lineageProcedures,
  checkpoints: checkpointsProcedures,
  restore: restoreProcedures,
  backups: backupsProcedures,
  playground: playgroundProcedures,
  metrics: metricsProcedures,
  config: configProcedures,
  journal: journalProcedures,
  logs: logsProcedures,
  notices: noticesProcedures,
  health: healthProcedures,
  disk: diskProcedures,
  drill: drillProcedures,
  diagnostics: diagnosticsProcedures,
  access: accessProcedures,
  setup: setupProcedures,
};
export type Contract = typeof contract;
