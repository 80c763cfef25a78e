/** The window says why the engine can't start, where, and what to do, and continues once it can. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildParts, connected, found, Scenario, type Launched } from './launch.ts';

describe.skipIf(found.runtime === null)('an engine that cannot start', () => {
  let scenario: Scenario;
  beforeAll(() => {
    buildParts();
  });
  afterEach(async () => {
    await scenario.clear();
  });

  async function alertOf({ page }: Launched): Promise<string> {
    const alert = page.getByRole('alert');
    await alert.waitFor({ timeout: 20_000 });
    return alert.innerText();
  }

  const lineage = (): string => join(scenario.workspace, 'current_model/lineage.json');

  const causes: readonly (readonly [string, () => void, RegExp, () => void])[] = [
    [
      'a workspace of a newer version',
      () => {
        mkdirSync(join(scenario.workspace, 'current_model'), { recursive: true });
        writeFileSync(lineage(), JSON.stringify({ format: 7 }));
      },
      /format 7; this version of Nightshift reads format 1/,
      () => {
        rmSync(lineage());
      },
    ],
    [
      'a file in the place of the workspace',
      () => {
        rmSync(scenario.workspace, { recursive: true, force: true });
        writeFileSync(scenario.workspace, '');
      },
      /(is not a folder|exists|already)/,
      () => {
        rmSync(scenario.workspace);
      },
    ],
    [
      'a file in the place of a folder of the workspace',
      () => {
        mkdirSync(join(scenario.workspace, 'data'), { recursive: true });
        writeFileSync(join(scenario.workspace, 'data/datasets'), '');
      },
      /datasets/,
      () => {
        rmSync(join(scenario.workspace, 'data/datasets'));
      },
    ],
  ];
  test.each(causes)('%s', async (_name, spoil, why, mend) => {
    scenario = await Scenario.begin();
    spoil();
    const launched = await scenario.launch();
    const text = await alertOf(launched);
    expect(text).toContain('The engine can’t start');
    expect(text).toMatch(why);
    expect(text).toContain(scenario.workspace);
    expect(text).not.toMatch(/exit code|\bat .*\.mjs/);
    mend();
    await connected(launched.page);
    expect(await launched.page.getByRole('alert').count()).toBe(0);
  });
});
