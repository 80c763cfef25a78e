/** Training, queue, datasets and uploads: what a command leaves behind, as the real engine would. */
import { createHash } from 'node:crypto';
import { Refusal, type DatasetSummary } from '../../../src-main/contract/index.ts';
import { accountOf, dataset } from '../scenes/datasets.ts';
import type { Answers, Stage } from '../stage.ts';
import { answersOf, evaluationTablesOf } from './before-after.ts';
import { overLongOf } from './estimate.ts';
import { previewOf } from './mapping-preview.ts';
import { reportOf, rowOf, rowsOf } from './rows.ts';

/** Adds a waiting dataset; a taken name gets a number. */
export function addDataset(
  stage: Stage,
  name: string,
  bytes: number,
  priority: DatasetSummary['priority'] = 'normal',
): DatasetSummary {
  const { datasets } = stage.rooms();
  const isTaken = datasets.some((known) => known.name === name);
  const free = isTaken ? name.replace(/(\.[^.]+)?$/, '_2$1') : name;
  const id = `d-added-${String(datasets.length)}`;
  const added = { id, name: free, bytes, priority, verdict: 'validating', progress: 0 };
  stage.change({ datasets: [...datasets, dataset(stage.now(), added)] });
  return stage.find('datasets', id);
}

export function trainingAnswers(stage: Stage): Answers['training'] {
  const control = (desired_state: string, state: string, by: string, text = '') => {
    const { status } = stage.rooms();
    const since = stage.now();
    if (status.current_dataset === null)
      throw new Refusal('NOT_READY', 'Nothing is being trained.', { next: 'Add a dataset.' });
    stage.change({ queue: { desired_state, since, by }, status: { ...status, state, since } });
    return { state: stage.rooms().status.state, acted: true, text };
  };
  return {
    pause: ({ by }) => control('paused', 'paused', by, 'Paused; a checkpoint was saved.'),
    resume: ({ by }) => control('running', 'training', by),
    stop: ({ now, by }) =>
      now ? control('stopped', 'stopped', by) : control('stopping_after', 'training', by),
    skip: ({ by }) => control('running', 'loading', by),
  };
}

export const queueAnswers = (stage: Stage): Answers['queue'] => ({
  add: ({ paths, priority }) => ({
    added: paths
      .filter((path) => !path.includes('missing'))
      .map((path) => addDataset(stage, path.split('/').pop() ?? path, 1_000, priority)),
    refused: paths
      .filter((path) => path.includes('missing'))
      .map((path) => ({ path, message: 'There is no file with this name.' })),
  }),
  remove: ({ id }) => {
    stage.update('datasets', id, { place: 'skipped', verdict: 'skipped' });
    return undefined;
  },
});

export const datasetsAnswers = (stage: Stage): Answers['datasets'] => ({
  answers: ({ id }) => answersOf(stage.find('datasets', id)),
  evaluations: ({ id }) =>
    evaluationTablesOf(stage.find('datasets', id), stage.now()).map(
      ({ answers: _answers, ...summary }) => summary,
    ),
  evaluation: ({ id, step }) => {
    const tables = evaluationTablesOf(stage.find('datasets', id), stage.now());
    const found = tables.find((known) => known.step === step);
    if (found === undefined) throw new Refusal('NOT_FOUND', 'No answers at this step.');
    return found;
  },
  get: ({ id }) => {
    const summary = stage.find('datasets', id);
    return { report: reportOf(summary), account: accountOf(summary) };
  },
  overLong: ({ id }) => overLongOf(stage.rooms(), stage.find('datasets', id)),
  rows: ({ id, from, limit, filter, at = 0 }) => {
    const summary = stage.find('datasets', id);
    const listed = rowsOf(summary, filter);
    return {
      account: accountOf(summary),
      total: listed.length,
      at: listed.filter(({ row }) => row < at).length,
      rows: listed.slice(Math.max(0, from - 1), Math.max(0, from - 1) + limit),
    };
  },
  row: ({ id, row }) => rowOf(stage.find('datasets', id), row),
  mapColumns: ({ id }) => stage.update('datasets', id, { verdict: 'ready', decision: null }),
  previewMapping: ({ mapping }) => previewOf(mapping),
  setEncoding: ({ id }) => stage.update('datasets', id, { verdict: 'ready', decision: null }),
  acceptValidRows: ({ id }) => stage.update('datasets', id, { verdict: 'ready', decision: null }),
});

export function uploadAnswers(stage: Stage): Answers['uploads'] {
  const uploads = new Map<string, { name: string; priority: DatasetSummary['priority'] }>();
  const received = new Map<string, Buffer>();
  return {
    begin: ({ name, key, priority }) => {
      uploads.set(key, { name, priority });
      return { upload: key, offset: received.get(key)?.length ?? 0 };
    },
    append: async ({ upload, chunk }) => {
      const before = received.get(upload) ?? Buffer.of();
      const whole = Buffer.concat([before, Buffer.from(await chunk.arrayBuffer())]);
      received.set(upload, whole);
      return { offset: whole.length };
    },
    finish: ({ upload, sha256 }) => {
      const { name, priority } = uploads.get(upload) ?? { name: upload };
      const whole = received.get(upload) ?? Buffer.of();
      received.delete(upload);
      if (createHash('sha256').update(whole).digest('hex') !== sha256)
        throw new Refusal('INVALID', `${name} did not arrive whole: its hash differs.`);
      return addDataset(stage, name, whole.length, priority);
    },
  };
}
