/** Every data format that the guide shows is read as it stands there. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { FORMAT_EXAMPLES } from '../../src-main/contract/index.ts';
import { until, type Workspace, workspacePerTest } from './fixtures/workspace.ts';

let w: Workspace;
workspacePerTest(
  {},
  (workspace) => {
    w = workspace;
  },
  true,
);

test('the example of each data format is validated; only a table asks for its columns', async () => {
  const { api } = await w.withBase();
  await api.training.stop({ now: true, by: 'test' });
  const folder = path.join(w.folder, '..', `${path.basename(w.folder)}-guide`);
  mkdirSync(folder);
  const files = FORMAT_EXAMPLES.map(({ file, lines }) => {
    const target = path.join(folder, file);
    writeFileSync(target, `${lines.join('\n')}\n`);
    return target;
  });
  await w.add(...files);
  const verdicts = (): readonly (readonly [string, string])[] =>
    api.queue
      .state()
      .datasets.map(({ name, verdict }) => [name, verdict] as const)
      .sort();
  await until('all verdicts', () =>
    verdicts().every(([, verdict]) => !['waiting', 'validating'].includes(verdict)),
  );
  expect(verdicts()).toEqual(
    FORMAT_EXAMPLES.map(({ file, decides }) => [file, decides ? 'needs_decision' : 'ready']).sort(),
  );
}, 120_000);
