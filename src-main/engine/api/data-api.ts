/** The queue, the datasets and uploads. */
import {
  decideBeforeAndAfter,
  type DatasetSummary,
  type Procedures,
} from '../../contract/index.ts';
import { type ApiRooms, DONE } from './rooms.ts';

/** The queue knows when a dataset will start and finish. */
const withTimes = ({ queue }: ApiRooms, dataset: DatasetSummary): DatasetSummary =>
  queue.datasets().find((known) => known.id === dataset.id) ?? dataset;

export function queueApi(rooms: ApiRooms) {
  const { queue, datasets } = rooms;
  return {
    state: () => ({
      queue: queue.state(),
      counts: datasets.counts(),
      datasets: [...queue.datasets()],
    }),
    add: ({ paths, priority }) => datasets.add(paths, priority),
    move: async ({ id, priority, before }) =>
      withTimes(rooms, await queue.move(id, priority, before)),
    hold: async ({ id, held }) => withTimes(rooms, await queue.hold(id, held)),
    retry: async ({ id }) => withTimes(rooms, await queue.retry(id)),
    remove: async ({ id }) => {
      await queue.remove(id);
      return DONE;
    },
  } satisfies Procedures['queue'];
}

export function datasetsApi(rooms: ApiRooms) {
  const { queue, datasets, estimate } = rooms;
  return {
    list: () => [...queue.datasets()],
    get: async ({ id }) => {
      const details = await datasets.get(id);
      return {
        ...details,
        summary: withTimes(rooms, details.summary),
        estimate: await estimate.kept(id),
      };
    },
    overLong: ({ id }) => estimate.overLong(id),
    answers: async ({ id }) => decideBeforeAndAfter(await datasets.answers(id)),
    evaluations: ({ id }) => datasets.evaluations(id),
    evaluation: (input) => datasets.evaluation(input),
    rows: (input) => datasets.rows(input),
    row: (input) => datasets.row(input),
    mapColumns: ({ id, mapping }) => datasets.mapColumns(id, mapping),
    previewMapping: ({ id, mapping }) => datasets.previewMapping(id, mapping),
    setEncoding: ({ id, encoding }) => datasets.setEncoding(id, encoding),
    acceptValidRows: ({ id, think_blocks }) => datasets.acceptValidRows(id, think_blocks ?? null),
    validate: ({ path }) => datasets.validate(path),
  } satisfies Procedures['datasets'];
}

export const uploadsApi = ({ datasets }: ApiRooms) =>
  ({
    begin: (input) => datasets.begin(input),
    append: ({ upload, offset, chunk }) => datasets.append(upload, offset, chunk),
    finish: ({ upload, sha256 }) => datasets.finish(upload, sha256),
    cancel: async ({ upload }) => {
      await datasets.cancel(upload);
      return DONE;
    },
  }) satisfies Procedures['uploads'];
