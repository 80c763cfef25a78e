/**
 * API: one function for every procedure of the contract, over the rooms.
 * Promises: takes validated input and returns what the contract says; an expected failure is a
 * thrown `Refusal`.
 * Never: decides anything that a room should decide, keeps state.
 */
import { configApi, setupApi } from './config-api.ts';
import { datasetsApi, queueApi, uploadsApi } from './data-api.ts';
import { backupsApi, checkpointsApi, lineageApi, restoreApi, versionsApi } from './model-api.ts';
import {
  diagnosticsApi,
  diskApi,
  drillApi,
  healthApi,
  journalApi,
  logsApi,
  metricsApi,
  noticesApi,
} from './monitor-api.ts';
import { playgroundApi } from './playground-api.ts';
import type { ApiRooms } from './rooms.ts';
import { engineApi, feedApi, statusApi, trainingApi } from './training-api.ts';

export { createVersion } from './model-api.ts';
export type { ApiRooms } from './rooms.ts';
export type EngineApi = ReturnType<typeof createApi>;

export function createApi(rooms: ApiRooms) {
  return {
    engine: engineApi(rooms),
    feed: feedApi(rooms),
    status: statusApi(rooms),
    training: trainingApi(rooms),
    queue: queueApi(rooms),
    datasets: datasetsApi(rooms),
    uploads: uploadsApi(rooms),
    versions: versionsApi(rooms),
    lineage: lineageApi(rooms),
    checkpoints: checkpointsApi(rooms),
    restore: restoreApi(rooms),
    backups: backupsApi(rooms),
    playground: playgroundApi(rooms),
    metrics: metricsApi(rooms),
    config: configApi(rooms),
    setup: setupApi(rooms),
    journal: journalApi(rooms),
    logs: logsApi(rooms),
    notices: noticesApi(rooms),
    health: healthApi(rooms),
    disk: diskApi(rooms),
    drill: drillApi(rooms),
    diagnostics: diagnosticsApi(rooms),
  };
}
