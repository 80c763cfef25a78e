/** The GPUs of the machine, from a fake nvidia-smi on PATH: status, setup, estimate and the checks of the settings agree. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { until, Workspace } from './fixtures/workspace.ts';

let w: Workspace;
beforeEach(() => {
  w = new Workspace();
  w.configure({ save_steps: 5 });
});
afterEach(async () => {
  await w.end();
  vi.unstubAllEnvs();
});

const GPUS = [
  'GPU-5d0c0bd2-4d0a-5e6b-9c52-0e3a7c3f6f11, 0, NVIDIA H200, 87, 17000, 143771, 61, 512.34, 550.127.05',
  'GPU-1b724e78-eef5-4163-d43c-e4da15d41176, 1, NVIDIA H200, 3, 512, 143771, 44, [N/A], 550.127.05',
];

/** `lines` are what it reports every two seconds. */
function installNvidiaSmi(lines: readonly string[]): void {
  const folder = path.join(w.root, 'bin');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'nvidia-smi');
  const report = lines.map((line) => `echo '${line}'`).join('; ');
  writeFileSync(file, `#!/bin/sh\nwhile true; do ${report}; sleep 2; done\n`);
  chmodSync(file, 0o755);
  vi.stubEnv('PATH', `${folder}${path.delimiter}${process.env['PATH'] ?? ''}`);
}

const set = (key: string, value: unknown) =>
  w.engine.api.config.set({ key, value, confirm: key, stage: false, by: 'test' });

test('two GPUs: the first is shown until a run names another; settings may name both and no more', async () => {
  installNvidiaSmi(GPUS);
  const { api } = await w.withBase();
  const shown = await until(
    'the device',
    () => api.setup.get().device.kind === 'cuda' && api.status.get().gpu,
  );
  expect(shown).toMatchObject({ name: 'NVIDIA H200', memory_total_mb: 143_771, power: 512.34 });
  expect(api.status.memory()).toMatchObject({ gpu: { used_mb: 17_000, total_mb: 143_771 } });
  expect(api.setup.get().device.detail).toBe('NVIDIA H200, 140\u00a0GB');
  expect((await api.config.estimate({ changes: {}, dataset: null })).now.memory.total).toBe(
    143_771 * 1024 * 1024,
  );
  await set('device', 'cuda:1');
  await set('device', 'GPU-1b724e78-eef5-4163-d43c-e4da15d41176');
  await expect(set('device', 'cuda:2')).rejects.toMatchObject({
    code: 'INVALID',
    message: expect.stringContaining('no such GPU') as string,
  });
  await expect(set('world_size', 4)).rejects.toMatchObject({ code: 'INVALID' });
});
