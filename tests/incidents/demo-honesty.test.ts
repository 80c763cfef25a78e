/**
 * Runs the demo as a user does, on the starter: the model starts from random weights, none of the test questions is in the training
 * file, and with shuffled answers the score stays at zero. The resulting version loads with plain transformers.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { DemoResult } from '../../src-main/cli/demo-text.ts';
import { commandLine } from './engine-process.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const python = path.join(
  repository,
  'python-runtime/.venv',
  process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python',
);

function run(command: string, args: readonly string[], env = {}): Promise<[number | null, string]> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve([code, text]);
    });
  });
}

async function demo(...options: string[]): Promise<DemoResult> {
  const locks = await mkdtemp(path.join(os.tmpdir(), 'nightshift-locks-'));
  const args = [commandLine, 'demo', '--model', 'starter', '--keep', '--json', ...options];
  const [code, text] = await run(process.execPath, args, { NIGHTSHIFT_DEVICE_LOCKS: locks });
  await rm(locks, { recursive: true, force: true });
  expect(code, text).toBe(0);
  const result = JSON.parse(text) as DemoResult;
  onTestFinished(async () => {
    await rm(result.workspace, { recursive: true, force: true });
  });
  return result;
}

const percent = ({ k, n }: { readonly k: number; readonly n: number }): number => (100 * k) / n;

test('the starter learns from random weights to answer held-out questions', async () => {
  const result = await demo();
  console.log(
    `starter: ${String(result.before.k)} to ${String(result.after.k)} of ${String(result.after.n)}`,
  );
  expect(result.rows).toMatchObject({ accepted: 1500, questions: 100, leaked: 0 });
  expect(percent(result.before)).toBeLessThanOrEqual(5);
  expect(percent(result.after)).toBeGreaterThanOrEqual(80);

  const load = `import sys, transformers
model = transformers.AutoModelForCausalLM.from_pretrained(sys.argv[1])
tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[1])
ids = tokenizer.apply_chat_template([{"role": "user", "content": sys.argv[2]}], add_generation_prompt=True, return_tensors="pt", return_dict=True)
out = model.generate(**ids, max_new_tokens=96, do_sample=False)
print(tokenizer.decode(out[0, ids["input_ids"].shape[1]:], skip_special_tokens=True))`;
  const asked = result.answers[0];
  const [code, answer] = await run(python, ['-c', load, result.version, asked?.prompt ?? '']);
  expect(code).toBe(0);
  expect(answer.trim()).toBe(asked?.after.trim());
});

test('training on shuffled answers does not improve the score', async () => {
  const result = await demo('--shuffled');
  console.log(
    `control: ${String(result.before.k)} to ${String(result.after.k)} of ${String(result.after.n)}`,
  );
  expect(result.shuffled).toBe(true);
  expect(Math.abs(percent(result.after) - percent(result.before))).toBeLessThanOrEqual(5);
});
