/**
 * A workspace is renamed or copied while a dataset is half trained (tests/incidents/fixtures/cases/m1-moved-workspace.sh): it continues
 * at its row in the new place, every row is trained exactly as often as planned, and both copies end with the same weights.
 */
import { cp, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { EngineProcess, PLAIN_TRAINING, questions, sha256, until } from './engine-process.ts';

const before = new EngineProcess();
const renamed = new EngineProcess();
const copied = new EngineProcess();
afterAll(async () => {
  for (const app of [before, renamed, copied]) await app.end();
});

const ROWS = 200;
const EPOCHS = 2;

/** As workspaces of earlier versions have it: the base model's folder as an absolute path. */
async function addOldPaths(root: string, dataset: string): Promise<void> {
  for (const name of ['current_model/lineage.json', `data/datasets/${dataset}/pass.json`]) {
    const file = path.join(root, name);
    const facts = JSON.parse(await readFile(file, 'utf8')) as { base: object };
    const base = { ...facts.base, folder: path.join(root, 'models/starter') };
    await writeFile(file, JSON.stringify({ ...facts, base }));
  }
}

/** Texts of the product's own files that still name `place`; logs and the journal tell the past. */
async function filesNaming(root: string, place: string): Promise<string[]> {
  const names = await readdir(root, { recursive: true });
  const found: string[] = [];
  for (const name of names) {
    if (!/\.json$|last-good$/.test(name) || name.startsWith('status/')) continue;
    const text = await readFile(path.join(root, name), 'utf8').catch(() => '');
    if (text.includes(place)) found.push(name);
  }
  return found;
}

test('a renamed and a copied workspace continue at their row', { timeout: 600_000 }, async () => {
  await before.configure({
    ...PLAIN_TRAINING,
    batch_size: 4,
    epochs: EPOCHS,
    save_steps: 10,
  });
  await before.start();
  await before.base('starter');
  const [added] = await before.add([await before.file('pegs.jsonl', questions(ROWS, 5))]);
  const id = added?.id ?? '';
  await until('step 24', async () => ((await before.status()).current_step ?? 0) >= 24, 120, 50);
  // Its end as after a power loss: the trainer and the engine at once.
  const trainer = (await before.trainerPid()) ?? 0;
  before.kill();
  process.kill(trainer, 'SIGKILL');
  await before.killed();
  expect(await filesNaming(before.workspace, before.workspace)).toEqual([]);
  await addOldPaths(before.workspace, id);

  await cp(before.workspace, copied.workspace, { recursive: true, preserveTimestamps: true });
  await rename(before.workspace, renamed.workspace);

  const weights: string[] = [];
  for (const app of [renamed, copied]) {
    await app.start();
    await app.completed([id], 300);
    const { account } = await app.dataset(id);
    const trained = ROWS - (account?.held_out ?? 0) - (account?.rejected ?? 0);
    expect(account?.trained).toEqual({ [String(EPOCHS)]: trained });
    const resumed = (
      await app.lines<{ t: number; type: string; position?: number }>('events.jsonl')
    ).filter((event) => event.type === 'resumed');
    expect(resumed).toHaveLength(2);
    expect(resumed[1]?.position).toBeGreaterThanOrEqual(20 * 4);
    expect(await filesNaming(app.workspace, before.workspace)).toEqual([]);
    weights.push(await sha256(path.join(app.newestCheckpoint(), 'model/model.safetensors')));
  }
  expect(weights[0]).toBe(weights[1]);
});
