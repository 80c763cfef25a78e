/**
 * G11: every flipped bit and every cut of a version and of a backup is found, whatever file it is in, the records included. The same
 * for checkpoints: python-runtime/tests/test_train_checkpoints.py.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeBackup } from '../../src-main/engine/backups/making.ts';
import { BackupStore } from '../../src-main/engine/backups/store.ts';
import { createThreads } from '../../src-main/engine/backups/threads.ts';
import { VersionStore } from '../../src-main/engine/versions/version-store.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import {
  readSealed,
  sealedText,
  sha256File,
  systemClock,
  writeJson,
} from '../../src-main/kit/index.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-damage-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** A small model folder: weights, a text with every kind of line, a file of one byte and an empty one. */
function model(): string {
  const folder = path.join(root, 'source', 'model');
  mkdirSync(path.join(folder, 'inner'), { recursive: true });
  writeFileSync(
    path.join(folder, 'model.safetensors'),
    Buffer.from(Array.from({ length: 900 }, (_, at) => at % 251)),
  );
  writeFileSync(path.join(folder, 'config.json'), '{"a": 1}\n');
  writeFileSync(path.join(folder, 'inner', 'one'), 'x');
  writeFileSync(path.join(folder, 'inner', 'empty'), '');
  return folder;
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));

/** Every bit of spread places of every file, and cuts and additions; answers [found, made]. */
async function damageAll(
  folder: string,
  problem: () => Promise<string | null>,
): Promise<{ readonly found: number; readonly made: number; readonly files: number }> {
  let found = 0;
  let made = 0;
  const files = filesIn(folder);
  for (const file of files) {
    const content = readFileSync(file);
    const step = Math.max(1, Math.floor(content.length / 45));
    const damages: Buffer[] = [Buffer.concat([content, Buffer.from('\n')])];
    for (const cut of [0, 1, 2, content.length >> 1])
      if (cut < content.length) damages.push(content.subarray(0, content.length - cut - 1));
    for (let at = 0; at < content.length; at += step)
      for (let bit = 0; bit < 8; bit += 1) {
        const copy = Buffer.from(content);
        copy[at] = (copy[at] ?? 0) ^ (1 << bit);
        damages.push(copy);
      }
    for (const damaged of damages) {
      writeFileSync(file, damaged);
      made += 1;
      const said = await problem();
      // Which file it is in is said, too.
      if (said?.includes(path.basename(file)) === true) found += 1;
      else console.warn(`not found: ${file}: ${String(said)}`);
    }
    rmSync(file);
    made += 1;
    if ((await problem()) !== null) found += 1;
    writeFileSync(file, content);
  }
  expect(await problem()).toBeNull();
  console.info(
    `${String(found)} of ${String(made)} damages found in ${String(files.length)} files`,
  );
  return { found, made, files: files.length };
}

/** About three seconds on a quiet machine. */
const patience = 90_000;

test('a version: every one of over 1000 damages is found', { timeout: patience }, async () => {
  const store = new VersionStore(workspacePaths(path.join(root, 'ws')));
  const made = await store.publish(model(), {
    format: 1,
    pass: 'p-1',
    dataset: 'd-1',
    number: 1,
    name: 'v001_a',
    description: 'after a, 3 steps',
    created: 1,
    branch: 'main',
    step: 3,
    datasets: [{ id: 'd-1', name: 'a.jsonl' }],
    validation_loss: 1.25,
    gap: null,
    training_loss: null,
    exact_match: { k: 1, n: 2 },
    evaluated_step: 3,
    parent: null,
    pinned: false,
    how: 'test',
    config: { batch_size: 16 },
  });
  // Its files are links: what is damaged here must not be repaired in both places.
  const result = await damageAll(made.folder, async () => (await store.verify(made)).problem);
  expect(result.files).toBe(6);
  expect(result.made).toBeGreaterThan(1000);
  expect(result.found).toBe(result.made);
});

test(
  'a backup: every one of over 1000 damages is found, and it stays listed as damaged',
  {
    timeout: patience,
  },
  async () => {
    const paths = workspacePaths(path.join(root, 'ws'));
    const threads = createThreads();
    const store = new BackupStore(paths, (files) => Promise.all(files.map(sha256File)));
    const disk = { require: () => Promise.resolve() } as never;
    const none = undefined as never;
    const made = await makeBackup(
      {
        paths,
        lineage: none,
        versions: none,
        trainer: none,
        disk,
        clock: systemClock,
        store,
        threads,
      },
      {
        source: { kind: 'folder', path: path.dirname(model()) },
        type: 'manual',
        reason: 'r',
        by: 't',
      },
    );
    const result = await damageAll(made.folder, () => store.problem(made.id));
    expect(result.files).toBe(6);
    expect(result.made).toBeGreaterThan(1000);
    expect(result.found).toBe(result.made);
    for (const name of ['backup.json', 'manifest.json']) {
      const file = path.join(made.folder, name);
      const content = readFileSync(file);
      writeFileSync(file, '{}');
      const [listed] = await store.list();
      expect(listed).toMatchObject({ id: made.id, type: 'manual', bytes: made.bytes });
      expect(listed?.verified?.ok).toBe(name === 'manifest.json');
      writeFileSync(file, content);
    }
    for (const name of ['backup.json', 'manifest.json'])
      writeFileSync(path.join(made.folder, name), '');
    expect((await store.list())[0]).toMatchObject({ id: made.id, verified: { ok: false } });
  },
);

test('a seal covers every byte before it; a file without one is recognized', async () => {
  const file = path.join(root, 'a.json');
  writeFileSync(file, sealedText({ format: 1, text: 'ü "seal": ', list: [1, { a: null }] }));
  expect(await readSealed(file)).toMatchObject({ ok: true, sealed: true, value: { format: 1 } });
  await writeJson(file, { format: 1 });
  expect(await readSealed(file)).toEqual({ ok: true, sealed: false, value: { format: 1 } });
  writeFileSync(file, JSON.stringify(JSON.parse(sealedText({ format: 1 }))));
  expect(await readSealed(file)).toMatchObject({
    ok: false,
    problem: 'the content of a.json has changed (checksum mismatch)',
  });
  expect(await readSealed(path.join(root, 'none'))).toMatchObject({ ok: false, missing: true });
});

test('a version without seals is verified by its files and stays unsealed when pinned', async () => {
  const paths = workspacePaths(path.join(root, 'ws'));
  const store = new VersionStore(paths);
  const folder = path.join(paths.versions, 'v001_old');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'weights'), 'abc');
  const sha256 = await sha256File(path.join(folder, 'weights'));
  await writeJson(path.join(folder, 'manifest.json'), { files: { weights: { size: 3, sha256 } } });
  await writeJson(path.join(folder, 'version.json'), {
    format: 1,
    pass: null,
    dataset: null,
    number: 1,
    name: 'v001_old',
    folder,
    description: 'old',
    created: 1,
    branch: 'main',
    step: 3,
    datasets: [],
    validation_loss: null,
    gap: null,
    training_loss: null,
    exact_match: null,
    parent: null,
    pinned: false,
    how: 'test',
    bytes: 3,
  });
  const [old] = await store.list();
  if (old === undefined) throw new Error('not listed');
  expect(await store.verify(old)).toMatchObject({ ok: true, files: 1 });
  await store.rewrite({ ...old, pinned: true });
  expect((await store.list())[0]).toMatchObject({ pinned: true });
  expect(await store.verify(old)).toMatchObject({ ok: true });
});
