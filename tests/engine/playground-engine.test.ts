/** Questions to real models: answered, stopped, killed in the middle, and nothing is kept on the disk. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Answer } from '../../src-main/contract/index.ts';
import { isEnded } from '../../src-main/contract/index.ts';
import { until, type Workspace, workspacePerTest } from './fixtures/workspace.ts';

let w: Workspace;
workspacePerTest(
  {},
  (workspace) => {
    w = workspace;
  },
  true,
);

const ask = (model: string, content: string, more: object = {}): Promise<Answer> =>
  w.engine.api.playground.ask({
    ...{ model, messages: [{ role: 'user', content }], temperature: 0, seed: 0 },
    ...{ max_new_tokens: 12, device: 'cpu', ...more },
  });
const ended = (id: string): Promise<Answer> =>
  until(
    'the end of the answer',
    () => {
      const answer = w.engine.api.playground.answer({ id }) as Answer;
      return isEnded(answer.state) ? answer : null;
    },
    90,
  );
const chatRuns = (): readonly string[] =>
  readdirSync(path.join(w.folder, 'runs')).filter((name) => name.includes('-chat-'));

/** High temperature: the random starter never ends its turn soon. */
const endless = { temperature: 2, max_new_tokens: 2000 };

/** Of the process in the only chat run. */
async function workerPid(): Promise<number> {
  const heartbeat = path.join(w.folder, 'runs', chatRuns()[0] ?? '', 'heartbeat');
  const text = await until('the heartbeat', () => readFileSync(heartbeat, 'utf8'));
  return (JSON.parse(text) as { pid: number }).pid;
}

test('a base model answers; an answer is stopped, one that waits as well; a killed worker fails its answer and the next one is answered', async () => {
  const { api } = await w.withBase();
  expect(await api.playground.models()).toMatchObject([{ id: 'base:starter', kind: 'base' }]);
  const first = await ask('starter', 'Hi');
  expect(first).toMatchObject({ model: 'base:starter', state: 'loading', device: 'cpu' });
  const done = await ended(first.id);
  expect(['finished', 'length']).toContain(done.state);
  expect(done.prompt).toContain('Hi');
  expect(done.tokens).toBeGreaterThan(0);

  const writing = await ask('starter', 'Tell me everything.', endless);
  const waiting = await ask('starter', 'And more.', endless);
  await until('the first tokens', () => api.playground.answer({ id: writing.id }).tokens > 3);
  await api.playground.stop({ id: waiting.id });
  expect(await ended(waiting.id)).toMatchObject({ state: 'stopped', tokens: 0 });
  await api.playground.stop({ id: writing.id });
  const stopped = await ended(writing.id);
  expect(stopped.state).toBe('stopped');
  expect(stopped.tokens).toBeLessThan(2000);

  const killed = await ask('starter', 'Again.', endless);
  await until('tokens again', () => api.playground.answer({ id: killed.id }).tokens > 3);
  process.kill(await workerPid(), 'SIGKILL');
  expect(await ended(killed.id)).toMatchObject({
    state: 'failed',
    message: expect.stringContaining("The model can't be asked") as string,
  });
  await until('no chat run', () => chatRuns().length === 0);
  const next = await ask('starter', 'Still there?');
  expect(['finished', 'length']).toContain((await ended(next.id)).state);

  await expect(ask('v009', 'Hi')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await w.stop();
  expect(w.log).toEqual([]);
  await w.start();
  expect(chatRuns()).toEqual([]);
}, 240_000);
