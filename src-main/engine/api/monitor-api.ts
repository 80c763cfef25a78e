/** Metrics, journal, logs, notices, health, disk, drill and diagnostics. */
import type { Procedures } from '../../contract/index.ts';
import { type ApiRooms, DONE } from './rooms.ts';

export const metricsApi = ({ metrics }: ApiRooms) =>
  ({
    curves: (input) => metrics.curves(input),
    validation: () => [...metrics.validation()],
    activity: ({ hours }) => metrics.activity(hours),
    previews: ({ limit }) => [...metrics.previews(limit)],
  }) satisfies Procedures['metrics'];

export const journalApi = ({ journal }: ApiRooms) =>
  ({ read: ({ limit }) => journal.read(limit) }) satisfies Procedures['journal'];

export const logsApi = ({ logs }: ApiRooms) =>
  ({ read: (input) => logs.read(input) }) satisfies Procedures['logs'];

export const noticesApi = ({ notices }: ApiRooms) =>
  ({
    list: () => [...notices.list()].sort((a, b) => b.t - a.t),
    dismiss: ({ id }) => {
      notices.dismiss(id);
      return DONE;
    },
  }) satisfies Procedures['notices'];

export const healthApi = ({ health }: ApiRooms) =>
  ({
    run: async () => [...(await health.run())],
    crashes: async ({ days, limit }) => [...(await health.crashes(days, limit))],
    monitoring: () => health.costs(),
  }) satisfies Procedures['health'];

export const diskApi = ({ disk }: ApiRooms) =>
  ({ use: () => disk.use() }) satisfies Procedures['disk'];

export const drillApi = ({ drill }: ApiRooms) =>
  ({
    get: () => drill.state(),
    start: () => drill.start(),
    cancel: () => drill.cancel(),
  }) satisfies Procedures['drill'];

export const diagnosticsApi = ({ diagnostics }: ApiRooms) =>
  ({
    list: ({ names }) => diagnostics.list(names),
    bundle: async ({ names }): Promise<Blob> => {
      const { name, bytes } = await diagnostics.bundle(names);
      return new File([new Uint8Array(bytes)], name, { type: 'application/gzip' });
    },
  }) satisfies Procedures['diagnostics'];
