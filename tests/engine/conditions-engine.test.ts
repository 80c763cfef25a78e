/** A broken config.json and a missing base model: told, shown by health, and gone once they are fixed. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until, type Workspace, workspacePerTest } from './fixtures/workspace.ts';

let w: Workspace;
workspacePerTest({}, (workspace) => {
  w = workspace;
});

const openTitles = (): readonly string[] =>
  w.engine.api.notices
    .list()
    .filter(({ dismissed }) => !dismissed)
    .map(({ title }) => title);

async function checkOf(id: string) {
  return (await w.engine.api.health.run()).find((check) => check.id === id);
}

test.each([
  ['is not JSON', '{ "format": 1,', /config\.json/],
  ['has an unknown key', '{ "format": 1, "batchsize": 4 }', /Unknown setting batchsize/],
])('issue 10, 26: a config.json that %s', async (_name, content, problem) => {
  await w.start();
  const file = path.join(w.folder, 'config.json');
  const good = readFileSync(file, 'utf8');
  expect(await checkOf('config')).toMatchObject({ state: 'ok' });
  writeFileSync(file, content);
  await until('the notice', () => openTitles().includes("config.json can't be used"));
  expect(await checkOf('config')).toMatchObject({
    state: 'fail',
    evidence: expect.stringMatching(problem),
    fix: expect.stringContaining(file),
  });
  writeFileSync(file, good);
  await until('the notice is over', () => !openTitles().includes("config.json can't be used"));
  expect(await checkOf('config')).toMatchObject({ state: 'ok' });
});

test('issue 10, 26: a base model that is not there', async () => {
  await w.withBase();
  expect(await checkOf('base')).toMatchObject({ state: 'ok' });
  const folder = path.join(w.folder, 'models/starter');
  renameSync(folder, `${folder}.away`);
  expect(await checkOf('base')).toMatchObject({
    state: 'fail',
    evidence: expect.stringContaining(folder),
  });
  expect(openTitles()).toContain('The base model is missing');
  renameSync(`${folder}.away`, folder);
  expect(await checkOf('base')).toMatchObject({ state: 'ok' });
  expect(openTitles()).not.toContain('The base model is missing');
});

test('the notice of a failed dataset goes when it is queued again', async () => {
  w.setBehavior({ steps_short: 10 });
  const { api } = await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 42));
  await w.at(a?.id ?? '', 'failed');
  await until('the notice', () => openTitles().includes('a.jsonl failed'));
  w.setBehavior({ step_seconds: 0.3 });
  await api.queue.retry({ id: a?.id ?? '' });
  await until('the notice is over', () => !openTitles().includes('a.jsonl failed'));
});
