/** status/training_status.json: the names that scripts rely on, next to today's. */
import { expect, test } from 'vitest';
import { fromScriptStatus, scriptStatus } from '../../src-main/contract/index.ts';
import { trainingStatus } from '../../src-main/contract/status.ts';

const gpu = {
  name: 'NVIDIA H200',
  uuid: 'GPU-1',
  utilization: 87,
  memory_used_mb: 1000,
  memory_total_mb: 2000,
  temperature: 61,
  power: 512,
};
const nullable = Object.fromEntries(Object.keys(trainingStatus.shape).map((key) => [key, null]));
const status = trainingStatus.parse({
  ...nullable,
  format: 1,
  state: 'training',
  since: 1,
  current_step: 12,
  loss: { value: 0.5, step: 12, t: 3 },
  queue: { high: 0, normal: 1, low: 0, processing: 1, completed: 0, failed: 0, skipped: 0 },
  gpu,
  updated_at: 4,
  trainer: { pid: 7, alive: true, heartbeat_age_s: 0.1, phase: 'step' },
});

test('earlier names are written next to the new ones, and the status is read back', () => {
  const written = scriptStatus(status);
  expect(written).toMatchObject({
    status: 'training',
    step: 12,
    loss: 0.5,
    gpu: { utilization: 87, utilisation: 87 },
  });
  expect(fromScriptStatus(JSON.parse(JSON.stringify(written)))).toEqual(status);
  expect(scriptStatus({ ...status, gpu: null }).gpu).toBeNull();
});
