/**
 * Restores with the real engine and the real trainer on the starter: the restored branch equals the version bit for bit, a trainer or
 * engine killed right afterward resumes on the restored branch, and training from the restored optimizer state repeats the same bits.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { LineageState, RestorePlan, RestoreResult } from '../../src-main/contract/index.ts';
import { EngineProcess, gone, questions, sha256, until } from './engine-process.ts';

const app = new EngineProcess();
afterAll(() => app.end());

const checkpoints = (branch: string): string =>
  path.join(app.workspace, 'current_model/checkpoints', branch);
const weights = (branch: string, step: number): Promise<string> =>
  sha256(
    path.join(
      checkpoints(branch),
      `step-${String(step).padStart(8, '0')}`,
      'model/model.safetensors',
    ),
  );
const optimizerState = (branch: string, step: number): Promise<string> =>
  sha256(
    path.join(
      checkpoints(branch),
      `step-${String(step).padStart(8, '0')}`,
      'optimizer.safetensors',
    ),
  );

async function restore(source: Record<string, unknown>, queue_again: boolean) {
  const plan = (await app.post<RestorePlan>('/restore/plan', { source })).body;
  const answer = await app.post<RestoreResult>('/restore', { source, plan: plan.id, queue_again });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return { plan, result: answer.body };
}

test('a restored version equals the version; killed immediately, it resumes on the restored branch; restored optimizer state trains the same bits', async () => {
  await app.configure({
    // 120 steps a dataset: the whole warmup of 6 fits into a twentieth of them.
    batch_size: 1,
    learning_rate: 1e-3,
    warmup_steps: 6,
    max_length: 256,
    precision: 'fp32',
    save_steps: 40,
    keep_checkpoints: 20,
    eval_steps: 1000,
    generate_samples: 2,
    eval_max_new_tokens: 8,
    preview_steps: 1000,
    disk: { min_free_gb: 0 },
    watchdog: { backoff_first_seconds: 0.2 },
  });
  await app.start();
  await app.base('starter');
  const [a, b] = await app.add([
    await app.file('a.jsonl', questions(120, 1)),
    await app.file('b.jsonl', questions(120, 2)),
  ]);
  await app.completed([a?.id ?? '', b?.id ?? '']);
  const [second, first] = await app.versions();
  if (first === undefined || second === undefined) throw new Error('two versions are expected');
  const end = {
    weights: await weights('main', second.step),
    optimizerState: await optimizerState('main', second.step),
  };

  const { plan, result } = await restore({ kind: 'version', name: first.name }, true);
  expect(plan).toMatchObject({
    optimizer_state: 'restored',
    to: { branch: 'main', step: first.step },
    datasets_leaving: [{ id: b?.id, share: 'whole' }],
  });
  expect(result).toMatchObject({ branch: 'branch-2', queued_again: ['b.jsonl'] });
  const published = await sha256(path.join(first.folder, 'model.safetensors'));
  expect(await weights('branch-2', first.step)).toBe(published);
  expect(await optimizerState('branch-2', first.step)).toBe(
    await optimizerState('main', first.step),
  );

  // Killed before its first save: only the staged checkpoint exists to resume from.
  const events = () =>
    app.lines<{ t: number; type: string; step: number; from: string | null }>('events.jsonl');
  const runsBefore = new Set((await events()).map((event) => event.run));
  const fresh = async () =>
    (await events()).filter((event) => !runsBefore.has(event.run) && event.type === 'resumed');
  await until('training on the new branch', async () => (await fresh()).length === 1, 120, 20);
  const pid = await until('the trainer', () => app.trainerPid(), 60, 20);
  process.kill(pid, 'SIGKILL');
  await until('the restarted trainer', async () => (await fresh()).length === 2, 120, 50);
  for (const event of await fresh()) {
    expect(event.from).toContain('/branch-2/');
    expect(event.step).toBeGreaterThanOrEqual(first.step);
  }
  // Kill the engine and the trainer after a few steps.
  await until(
    'a few steps',
    async () => ((await app.status()).current_step ?? 0) >= first.step + 2,
    120,
    20,
  );
  const again = await app.trainerPid();
  app.kill();
  await app.killed();
  if (again !== null && existsSync(`/proc/${String(again)}`)) {
    process.kill(again, 'SIGKILL');
    await gone(again);
  }
  await app.start();
  await app.completed([b?.id ?? '']);
  for (const event of await fresh()) expect(event.from).toContain('/branch-2/');

  // Same dataset, same order, same optimizer state: the same bits at the end.
  const lineage = (await app.get<LineageState>('/lineage')).body;
  expect(lineage).toMatchObject({ head: 'branch-2', restore: null });
  expect(readdirSync(checkpoints('branch-2')).sort().at(-1)).toBe(
    `step-${String(second.step).padStart(8, '0')}`,
  );
  expect({
    weights: await weights('branch-2', second.step),
    optimizerState: await optimizerState('branch-2', second.step),
  }).toEqual(end);
  const { account } = await app.dataset(b?.id ?? '');
  expect(account).toMatchObject({ remaining: 0 });
  expect(Object.keys(account?.trained ?? {})).toEqual(['1']);

  // Without the checkpoints only weights remain: fresh optimizer state, a new warmup, the same starting weights.
  await app.post('/training/stop', { now: true });
  const third = (await app.versions())[0];
  expect(third).toMatchObject({ branch: 'branch-2', parent: first.name });
  const manifest = path.join(checkpoints('main'), `step-${String(first.step).padStart(8, '0')}`);
  await import('node:fs/promises').then(({ rm }) => rm(manifest, { recursive: true }));
  const other = await restore({ kind: 'version', name: first.name }, true);
  expect(other.plan).toMatchObject({
    optimizer_state: 'fresh',
    warmup_steps: 6,
    new_branch: 'branch-3',
  });
  expect(await weights('branch-3', first.step)).toBe(published);
  await app.post('/training/resume', {});
  await app.completed([b?.id ?? '']);
  const metrics = await app.lines<{ t: number; branch: string; step: number; lr: number }>(
    'metrics.jsonl',
  );
  const rates = metrics.filter((line) => line.branch === 'branch-3').map((line) => line.lr);
  expect(rates.slice(0, 6)).toEqual(
    [1, 2, 3, 4, 5, 6].map((at) => expect.closeTo((1e-3 * at) / 6, 9) as number),
  );
  const told = (await app.journal()).filter((entry) => entry.what === 'restore.done');
  expect(told).toHaveLength(2);
  expect(readFileSync(path.join(app.workspace, 'current_model/lineage.json'), 'utf8')).toContain(
    'branch-3',
  );
});
