/**
 * The damage matrix: every JSON file of a workspace, damaged in every way. The engine starts or
 * refuses with one sentence, nothing is lost, and the user is told which file and what was done.
 * Files that don't replace each other are damaged together; NIGHTSHIFT_DAMAGE=each takes every file
 * alone, which takes minutes.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { damages, findFailures, jsonFiles, prepare } from '../engine/fixtures/file-damage.ts';
import type { Workspace } from '../engine/fixtures/workspace.ts';

let prepared: Workspace;
beforeAll(async () => {
  prepared = await prepare();
}, 120_000);
afterAll(() => prepared.end());

/** lineage.json is rebuilt from its copy and the checkpoints, meta.json from a run and the report. */
const group = (name: string): string =>
  process.env['NIGHTSHIFT_DAMAGE'] === 'each'
    ? name
    : /lineage\.json$/.test(name)
      ? 'lineage'
      : /last-good|^current_model|^runs|^data\/datasets\/[^/]+\/(report|pass)/.test(name)
        ? 'sources'
        : 'others';

test.each(Object.entries(damages))('%s', { timeout: 600_000 }, async (_how, damage) => {
  const files = jsonFiles(prepared.folder);
  expect(files.length).toBeGreaterThan(25);
  const failures: string[] = [];
  for (const names of Map.groupBy(files, group).values())
    failures.push(...(await findFailures(prepared, names, damage)));
  expect(failures).toEqual([]);
});
