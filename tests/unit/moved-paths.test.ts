/** No file of a workspace leads to where the workspace was before: stored paths are relative, old absolute ones are not followed. */
import { expect, test } from 'vitest';
import { lineageFile, passFile, toStoredSpec } from '../../src-main/formats/index.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { requestOf } from '../../src-main/engine/trainer/spec.ts';
import { examples } from './formats-examples.ts';
import { specFiles } from '../../src-main/formats/index.ts';

const old = { id: 'starter', hash: 'b1', folder: '/before/models/starter' };

test('the folder of the base model in an old pass.json or lineage.json is dropped', () => {
  for (const [format, example] of [
    [passFile, examples.pass],
    [lineageFile, examples.lineage],
  ] as const) {
    const reading = format.parse({ ...(example as object), base: old });
    expect(reading.ok && reading.value.base).toEqual({ id: 'starter', hash: 'b1' });
  }
});

test('a run that is adopted after a move works in the folders of the new place', () => {
  const reading = specFiles.train.parse(examples['spec-train']);
  const request = reading.ok ? requestOf(reading.value, workspacePaths('/after')) : null;
  expect(JSON.stringify(request)).not.toContain('/w/');
  expect(request).toMatchObject({
    dataset: { folder: '/after/data/datasets/d-1' },
    base: { folder: '/after/models/starter' },
    core: '/after/data/validation/core',
  });
});

test('a spec holds paths inside the workspace relative to the run folder, and others as they are', () => {
  const stored = toStoredSpec(
    {
      workspace: '/w',
      base: { id: 'folder', folder: '/w/models/a', source: '/elsewhere/a' },
      dataset: { name: '/w/not a path', path: '/w/queue/normal/a.jsonl' },
      verify: { checkpoints: '/wide/c', datasets: { 'd-1': '/w/queue/processing/b.jsonl' } },
      stage: { intent: { file: '/w/current_model/restore.json' }, optimizer_state: null },
    },
    '/w/runs/r',
  );
  expect(stored).toEqual({
    workspace: '../..',
    base: { id: 'folder', folder: '../../models/a', source: '/elsewhere/a' },
    dataset: { name: '/w/not a path', path: '../../queue/normal/a.jsonl' },
    verify: { checkpoints: '/wide/c', datasets: { 'd-1': '../../queue/processing/b.jsonl' } },
    stage: { intent: { file: '../../current_model/restore.json' }, optimizer_state: null },
  });
});
