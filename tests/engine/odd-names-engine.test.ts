/** Names that a file system allows and a program may stumble over: long, with control characters, not UTF-8. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until, type Workspace, workspacePerTest } from './fixtures/workspace.ts';

let w: Workspace;
workspacePerTest({}, (workspace) => {
  w = workspace;
});

const row = `${JSON.stringify({ question: 'q', answer: 'a' })}\n`;
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

function visibleEverywhere(): void {
  const { datasets, notices, journal } = w.engine.api.feed.snapshot().rooms;
  for (const text of [
    ...datasets.flatMap(({ name, message }) => [name, message ?? '']),
    ...notices.flatMap(({ title, body }) => [title, body]),
    ...journal.map((entry) => entry.text),
  ])
    expect(text).not.toMatch(HIDDEN);
}

test('issue 10, 21: odd and long names in the inbox are taken in under a name that can be read', async () => {
  const inbox = path.join(w.folder, 'inbox');
  mkdirSync(inbox, { recursive: true });
  const names = [
    'red\u001b[31m.jsonl',
    'two\nlines.jsonl',
    'back\u202elnosj.jsonl',
    `${'x'.repeat(249)}.jsonl`,
    `${'ü'.repeat(124)}.jsonl`,
  ];
  for (const name of names) writeFileSync(path.join(inbox, name), row.repeat(40));
  await w.withBase();
  await until(
    'all are queued or done',
    () =>
      w.engine.api.datasets.list().filter(({ place }) => place !== 'inbox').length === names.length,
    60,
  );
  const taken = w.engine.api.datasets.list().map(({ name }) => name);
  expect(taken).toEqual(
    expect.arrayContaining(['red[31m.jsonl', 'twolines.jsonl', 'backlnosj.jsonl']),
  );
  for (const name of taken) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
  visibleEverywhere();
});

test('a name that is not UTF-8, and a refused one with codes for a terminal, say why', async () => {
  const inbox = path.join(w.folder, 'inbox');
  mkdirSync(inbox, { recursive: true });
  writeFileSync(
    Buffer.concat([Buffer.from(`${inbox}/b\xff`, 'latin1'), Buffer.from('.jsonl')]),
    row,
  );
  writeFileSync(path.join(inbox, 'clear\u001b[2J.exe'), row);
  const { api } = await w.start();
  const refused = await until('both are refused', () => {
    const all = api.datasets.list().filter(({ place }) => place === 'inbox');
    return all.length === 2 ? all : null;
  });
  expect(refused.map(({ message }) => message)).toEqual(
    expect.arrayContaining([
      expect.stringContaining('has a name that is not UTF-8; rename it. It remains in inbox/.'),
      expect.stringContaining('clear\\u001b[2J.exe ends in .exe.'),
    ]),
  );
  visibleEverywhere();
  expect(w.log).toEqual([]);
});
