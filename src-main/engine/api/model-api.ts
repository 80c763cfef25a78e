/** Versions, the lineage, checkpoints, restore and backups. */
import type { Procedures, Version } from '../../contract/index.ts';
import { measuredBy } from '../versions/index.ts';
import { type ApiRooms, DONE } from './rooms.ts';

/**
 * Keeps the newest checkpoint as a version, with what is known of training now. Refusal NOT_READY.
 */
export async function createVersion(
  {
    versions,
    metrics,
    queue,
    config,
    datasets,
  }: Pick<ApiRooms, 'versions' | 'metrics' | 'queue' | 'config' | 'datasets'>,
  input: { readonly description: string; readonly by: string; readonly how?: string },
): Promise<Version> {
  await metrics.settled;
  const open = queue.open();
  return versions.createManually({
    ...input,
    dataset: open === null ? null : { id: open.dataset.id, name: open.dataset.name },
    config: open?.pass.config ?? config.values(),
    measuredAt: (step) => measuredBy(metrics.at(step)),
    trainedSince: datasets.trainedSince,
  });
}

export function versionsApi(rooms: ApiRooms) {
  const { versions } = rooms;
  return {
    list: () => [...versions.list()],
    create: (input) => createVersion(rooms, input),
    get: ({ name }) => versions.get(name),
    pin: ({ name, pinned }) => versions.pin(name, pinned),
    verify: ({ name }) => versions.verify(name),
    answers: ({ name }) => versions.answers(name),
    remove: async ({ name, ...confirmation }) => {
      await versions.remove(name, confirmation);
      return DONE;
    },
  } satisfies Procedures['versions'];
}

export const lineageApi = ({ lineageState }: ApiRooms) =>
  ({ get: () => lineageState() }) satisfies Procedures['lineage'];

export const checkpointsApi = ({ maintenance }: ApiRooms) =>
  ({
    verify: ({ branch }) => maintenance.verify(branch),
    cleanup: (input) => maintenance.cleanup(input),
  }) satisfies Procedures['checkpoints'];

export const restoreApi = ({ restore }: ApiRooms) =>
  ({
    plan: ({ source }) => restore.plan(source),
    carryOut: (input) => restore.carryOut(input),
  }) satisfies Procedures['restore'];

export const backupsApi = ({ backups }: ApiRooms) =>
  ({
    list: () => [...backups.list()],
    create: (input) => backups.create(input),
    verify: ({ id }) => backups.verify(id),
    extract: (input) => backups.extract(input),
    cleanup: (input) => backups.cleanup(input),
  }) satisfies Procedures['backups'];
