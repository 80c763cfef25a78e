import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listCheckpoints, newestCheckpoint } from '../../src-main/engine/checkpoints/manifest.ts';
import { slugOf } from '../../src-main/engine/versions/version-name.ts';
import { VersionStore } from '../../src-main/engine/versions/version-store.ts';
import { toVersion } from '../../src-main/formats/version.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { UNMEASURED_VERSION } from '../support/version-facts.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-versions-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function checkpoint(branch: string, step: number, size = 4): string {
  const folder = path.join(branch, `step-${String(step).padStart(8, '0')}`);
  mkdirSync(path.join(folder, 'model'), { recursive: true });
  writeFileSync(path.join(folder, 'model', 'model.safetensors'), 'abcd');
  writeFileSync(path.join(folder, 'model', 'config.json'), '{}');
  writeFileSync(
    path.join(folder, 'manifest.json'),
    JSON.stringify({
      format: 1,
      step,
      branch: 'main',
      created: 1,
      cursor: null,
      files: { 'model/model.safetensors': { size, xxh3_128: 'x' } },
    }),
  );
  return folder;
}
const facts = (number: number) => ({
  ...UNMEASURED_VERSION,
  format: 1 as const,
  pass: 'p-1',
  dataset: 'd-1',
  number,
  name: `v00${number}_a`,
  description: 'after a, 3 steps',
  created: 1,
  branch: 'main',
  step: 3,
  evaluated_step: null,
  config: null,
});

test('checkpoints are sorted by number; one without a readable manifest or with a wrong size is not used', async () => {
  const branch = path.join(root, 'main');
  checkpoint(branch, 900);
  checkpoint(branch, 1000);
  checkpoint(branch, 1100, 5);
  mkdirSync(path.join(branch, 'step-00001200', 'model'), { recursive: true });
  mkdirSync(path.join(branch, '.step-00001300.77.partial'));
  writeFileSync(path.join(branch, 'step-00001400'), 'junk');
  expect((await listCheckpoints(branch)).map((checkpoint) => checkpoint.step)).toEqual([
    1100, 1000, 900,
  ]);
  expect((await newestCheckpoint(branch))?.step).toBe(1000);
  expect((await listCheckpoints(branch))[0]?.problem).toBe(
    'model/model.safetensors has 4 bytes, expected 5',
  );
});

test('a version is hard-linked to its checkpoint and lists the SHA-256 of every file', async () => {
  const folder = checkpoint(path.join(root, 'main'), 3);
  const store = new VersionStore(workspacePaths(root));
  const made = await store.publish(path.join(folder, 'model'), facts(await store.nextNumber()));
  const weights = path.join(made.folder, 'model.safetensors');
  expect(statSync(weights).ino).toBe(statSync(path.join(folder, 'model/model.safetensors')).ino);
  const manifest = JSON.parse(readFileSync(path.join(made.folder, 'manifest.json'), 'utf8')) as {
    files: Record<string, { sha256: string; size: number }>;
  };
  expect(manifest.files['model.safetensors']).toEqual({
    size: 4,
    sha256: createHash('sha256').update('abcd').digest('hex'),
  });
  rmSync(folder, { recursive: true });
  expect(readFileSync(weights, 'utf8')).toBe('abcd');
  expect((await store.list()).map((version) => version.name)).toEqual(['v001_a']);
});

test('a number is never used twice: not after a deletion, not after a crash before publishing', async () => {
  const folder = checkpoint(path.join(root, 'main'), 3);
  const store = new VersionStore(workspacePaths(root));
  const made = await store.publish(path.join(folder, 'model'), facts(await store.nextNumber()));
  rmSync(made.folder, { recursive: true });
  expect(await store.nextNumber()).toBe(2);
  expect(await store.nextNumber()).toBe(3);
  rmSync(path.join(root, 'models/versions/numbers.json'));
  mkdirSync(path.join(root, 'models/versions/v007_x'));
  expect(await store.nextNumber()).toBe(8);
});

test('leftovers of an engine that was killed are not listed and do not block a new version', async () => {
  const folder = checkpoint(path.join(root, 'main'), 3);
  const versions = path.join(root, 'models/versions');
  mkdirSync(path.join(versions, `.v001_a.${process.pid}.partial`), { recursive: true });
  const store = new VersionStore(workspacePaths(root));
  expect(await store.list()).toEqual([]);
  expect((await store.publish(path.join(folder, 'model'), facts(1))).name).toBe('v001_a');
});

test('a slug has only letters, digits and dashes', () => {
  expect(slugOf('Math (GSM8K) – train.jsonl')).toBe('math-gsm8k-train');
  expect(slugOf('数据.jsonl')).toBe('dataset');
});

test('verify finds a changed, truncated or missing file and names it', async () => {
  const model = path.join(checkpoint(path.join(root, 'main'), 3), 'model');
  const store = new VersionStore(workspacePaths(root));
  const made = await store.publish(model, facts(1));
  expect(await store.verify(made)).toEqual({
    name: 'v001_a',
    ok: true,
    files: 2,
    bytes: 6,
    problem: null,
  });
  const weights = path.join(made.folder, 'model.safetensors');
  rmSync(weights); // Otherwise the write below would also damage the hard-linked checkpoint.
  for (const [content, problem] of [
    ['abce', 'the content of model.safetensors has changed (SHA-256 mismatch)'],
    ['abc', 'model.safetensors has 3 bytes, expected 4'],
  ] as const) {
    writeFileSync(weights, content);
    expect(await store.verify(made)).toMatchObject({ ok: false, problem });
  }
  rmSync(weights);
  expect((await store.verify(made)).problem).toBe('model.safetensors is missing');
  rmSync(path.join(made.folder, 'manifest.json'));
  expect((await store.verify(made)).problem).toBe('manifest.json is missing');
});

test('the trash keeps a deleted version for 30 days, and its number is not reused', async () => {
  const model = path.join(checkpoint(path.join(root, 'main'), 3), 'model');
  const store = new VersionStore(workspacePaths(root));
  expect(await store.nextNumber()).toBe(1);
  const made = await store.publish(model, facts(1));
  const where = await store.toTrash(made, 1_000_000);
  expect(await store.list()).toEqual([]);
  expect(readFileSync(path.join(where, 'model.safetensors'), 'utf8')).toBe('abcd');
  expect(await store.nextNumber()).toBe(2);
  expect(await store.emptyTrash(1_000_000 + 30 * 86_400)).toEqual([]);
  expect(await store.emptyTrash(1_000_001 + 30 * 86_400)).toEqual([path.basename(where)]);
  expect(() => statSync(where)).toThrow('ENOENT');
  expect(readFileSync(path.join(model, 'model.safetensors'), 'utf8')).toBe('abcd');
});

test('the origin of a version that was recorded in earlier words is shown in the current ones', async () => {
  const store = new VersionStore(workspacePaths(root));
  const model = path.join(checkpoint(path.join(root, 'main'), 3), 'model');
  const made = await store.publish(model, { ...facts(1), how: 'by itself, daily' });
  expect(toVersion(made).how).toBe('automatically, daily');
  // The file keeps its words, and so its seal.
  await store.rewrite({ ...made, pinned: true });
  expect((await store.list())[0]).toMatchObject({ how: 'by itself, daily', pinned: true });
  expect(await store.verify(made)).toMatchObject({ ok: true });
});

test('a version without evaluated_step, from an earlier format, is read', async () => {
  const store = new VersionStore(workspacePaths(root));
  const folder = checkpoint(path.join(root, 'main'), 3);
  const made = await store.publish(path.join(folder, 'model'), { ...facts(1), evaluated_step: 2 });
  expect((await store.list())[0]?.evaluated_step).toBe(2);
  const file = path.join(made.folder, 'version.json');
  const { evaluated_step: _step, ...old } = JSON.parse(readFileSync(file, 'utf8')) as Record<
    string,
    unknown
  >;
  writeFileSync(file, JSON.stringify(old));
  expect((await store.list()).map((version) => [version.name, version.evaluated_step])).toEqual([
    ['v001_a', null],
  ]);
});
