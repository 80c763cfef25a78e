/** Health reads every byte of the checkpoint that training would resume from. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Check } from '../../src-main/contract/index.ts';
import { EngineProcess, PLAIN_TRAINING, questions } from './engine-process.ts';

const engine = new EngineProcess();
afterAll(() => engine.end());

async function checkpointCheck(): Promise<Check | undefined> {
  const { body } = await engine.get<Check[]>('/health');
  return body.find(({ id }) => id === 'checkpoint');
}

test('issue 10, 27: one flipped byte of the newest checkpoint is found', async () => {
  await engine.configure({ ...PLAIN_TRAINING, batch_size: 8, save_steps: 5 });
  await engine.start();
  await engine.base('starter');
  const [added] = await engine.add([await engine.file('rows.jsonl', questions(120, 5))]);
  await engine.completed([added?.id ?? '']);
  expect(await checkpointCheck()).toMatchObject({
    state: 'ok',
    evidence: expect.stringMatching(/^Step \d+: checksums OK, every byte read .* ago\.$/),
  });
  const file = path.join(engine.newestCheckpoint(), 'optimizer.safetensors');
  const content = readFileSync(file);
  content.writeUInt8(content.readUInt8(content.length - 7) ^ 1, content.length - 7);
  writeFileSync(file, content);
  expect(await checkpointCheck()).toMatchObject({
    state: 'warn',
    evidence: expect.stringContaining('optimizer.safetensors has changed since it was saved'),
    fix: expect.stringMatching(/^Training resumes from step \d+ automatically\.$/),
  });
}, 300_000);
