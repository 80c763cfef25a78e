/** The evaluation after the last step of a dataset, interrupted in every way, with the real trainer. */
import { expect, test } from 'vitest';
import { answerResult, type DatasetSummary, type Version } from '../../src-main/contract/index.ts';
import { until, type Workspace, workspacePerTest } from './fixtures/workspace.ts';

const VALUES = {
  batch_size: 8,
  save_steps: 1000,
  eval_steps: 1000,
  preview_steps: 1000,
  max_length: 256,
  precision: 'fp32',
  generate_samples: 8,
  eval_max_new_tokens: 100,
  learning_rate: 3e-3,
  warmup_steps: 1,
  watchdog: { backoff_first_seconds: 0.1 },
};
let w: Workspace;
workspacePerTest(
  VALUES,
  (workspace) => {
    w = workspace;
  },
  true,
);

/** Long answers, so that the last evaluation takes a while. */
function rows(workspace: Workspace, count: number): string {
  const lines = Array.from({ length: count }, (_, at) => {
    const answer = Array.from({ length: 20 }, (_, word) => `word ${String(at * word)}`).join(' ');
    return `${JSON.stringify({ question: `Which words has number ${String(at)}?`, answer })}\n`;
  });
  return workspace.rows('a.jsonl', 0, lines.join(''));
}

async function add(workspace: Workspace): Promise<string> {
  const [added] = await workspace.add(rows(workspace, 80));
  return added?.id ?? '';
}

interface Figures {
  readonly dataset: DatasetSummary;
  readonly version: Version | undefined;
}
async function completed(workspace: Workspace, id: string): Promise<Figures> {
  const dataset = await workspace.at(id, 'completed', 120);
  return { dataset, version: workspace.engine.api.versions.list()[0] };
}

/** Resolves with the last save of the pass, which the last evaluation follows. */
function lastSave(): Promise<number> {
  return new Promise((resolve) => {
    const stop = w.engine.rooms.trainer.events.on((event) => {
      if (event.type !== 'checkpoint' || event.why !== 'end') return;
      stop();
      resolve(event.step);
    });
  });
}

const doneNotice = () =>
  w.engine.api.feed.snapshot().rooms.notices.find(({ kind }) => kind === 'dataset_done');

test('pause, stop and kill -9 in the last evaluation: it is made up for by the next run', async () => {
  const { api, rooms } = await w.withBase();
  const saved = lastSave();
  const id = await add(w);
  const steps = await saved;
  expect(await api.training.pause({ by: 'test' })).toMatchObject({ acted: true });
  await until('it stands', () => api.status.get().state === 'paused');
  const unmeasured = { place: 'processing', done_steps: steps, validation_after: null };
  expect(w.dataset(id)).toMatchObject(unmeasured);
  expect(api.versions.list()).toEqual([]);
  expect(doneNotice()).toBeUndefined();

  const evaluating = (): boolean =>
    ['evaluate', 'generate'].includes(rooms.trainer.view().heartbeat?.phase ?? '');
  await api.training.resume({ by: 'test' });
  await until('it is evaluated again', evaluating);
  // Also in the moment when the trainer is gone and its outcome isn't applied yet.
  const shown: unknown[] = [];
  rooms.trainer.outcome.on(() => shown.push(w.dataset(id).done_steps));
  expect(await api.training.stop({ now: true, by: 'test' })).toMatchObject({ acted: true });
  expect(shown).toEqual([steps]);
  expect(w.dataset(id)).toMatchObject(unmeasured);
  expect(api.versions.list()).toEqual([]);

  await api.training.resume({ by: 'test' });
  await until('it is evaluated in a new run', evaluating);
  process.kill(api.status.get().trainer.pid ?? -1, 'SIGKILL');
  const { dataset, version } = await completed(w, id);
  expect(dataset).toMatchObject({
    done_steps: steps,
    planned_steps: steps,
    validation_before_step: 0,
    validation_after_step: steps,
  });
  const { validation_before: before, validation_after: after } = dataset;
  expect(after ?? 0).toBeLessThan((before ?? 0) - 0.5);
  const measured = rooms.metrics.at(steps).evaluation;
  expect(measured?.slice_loss ?? measured?.core_loss).toBe(after);
  expect(version).toMatchObject({
    ...{ step: steps, evaluated_step: steps, gap: measured?.gap },
    validation_loss: measured?.core_loss ?? measured?.slice_loss,
    exact_match: { k: measured?.exact_k, n: measured?.exact_n },
  });
  const { evaluation } = await api.versions.answers({ name: version?.name ?? '' });
  expect(evaluation).toMatchObject({
    ...{ step: steps, when: 'end', k: measured?.exact_k, n: measured?.exact_n },
  });
  const results = evaluation?.answers.map(answerResult).join(' ');
  expect(results).toMatch(/^(wrong ?)*(unfinished ?)*(matches ?)*$/);
  expect(await api.datasets.evaluations({ id })).toContainEqual(
    expect.objectContaining({ step: steps, when: 'end' }),
  );
  const losses = [before, after].map((loss) => (loss ?? 0).toFixed(3)).join(' to ');
  expect((await until('the notice', doneNotice)).body).toContain(losses);
  expect(w.log).toEqual([]);
}, 300_000);

test('the last evaluation is skipped: the dataset is done without figures of an earlier step', async () => {
  const { api } = await w.withBase();
  const saved = lastSave();
  const id = await add(w);
  await saved;
  await api.training.skip({ by: 'test' });
  const { dataset, version } = await completed(w, id);
  expect(dataset).toMatchObject({ validation_after: null, validation_after_step: null });
  expect(dataset.validation_before).not.toBeNull();
  expect(version).toMatchObject({
    validation_loss: null,
    gap: null,
    exact_match: null,
    evaluated_step: null,
  });
  expect((await until('the notice', doneNotice)).body).toContain(
    'validation (this dataset) not measured',
  );
}, 200_000);
