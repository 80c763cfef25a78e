/** A sample of the damage matrix of tests/incidents/file-damage.test.ts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { damages, findFailures, jsonFiles, prepare } from './fixtures/file-damage.ts';
import type { Workspace } from './fixtures/workspace.ts';

let prepared: Workspace;
beforeAll(async () => {
  prepared = await prepare();
}, 120_000);
afterAll(() => prepared.end());

/** One file of each kind, each recovered or reported by another part of the engine. */
const SAMPLE =
  /version\.json$|backup\.json$|starter\/base\.json$|notices\.json$|queue\.json$|\/meta\.json$|^journal|events\.jsonl$/;

test.each(['zeros', 'of a newer format', 'a folder', 'a link'])('%s', async (how) => {
  const damage = damages[how];
  if (damage === undefined) throw new Error(how);
  const names = jsonFiles(prepared.folder).filter((name) => SAMPLE.test(name));
  expect(names.length).toBeGreaterThan(7);
  expect(await findFailures(prepared, names, damage)).toEqual([]);
});
