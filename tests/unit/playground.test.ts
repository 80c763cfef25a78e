/** Which model is meant, and where it is loaded. */
import { expect, test } from 'vitest';
import {
  type AskedModel,
  chooseDevice,
  findModel,
} from '../../src-main/engine/playground/index.ts';

const GIB = 1024;
const facts = {
  model: 'v001_a',
  requested: 'auto',
  weightBytes: 8e9,
  hasFastBf16: true,
  isTraining: false,
  gpus: [],
  memory: { usedMb: 4 * GIB, totalMb: 32 * GIB },
} as const;
const gpu = (index: number, usedMb: number | null) => ({
  ...{ uuid: `GPU-${String(index)}`, index, name: 'x', utilization: 0, temperature: 40, power: 50 },
  ...{ driver: '1', memoryTotalMb: 24 * GIB, memoryUsedMb: usedMb },
});

test('the GPU with most free memory, only while nothing trains and the model fits', () => {
  const gpus = [gpu(0, 20 * GIB), gpu(1, GIB)];
  expect(chooseDevice({ ...facts, gpus })).toEqual({ device: 'cuda:1', precision: 'bf16' });
  const cpu = { device: 'cpu', precision: 'bf16' };
  expect(chooseDevice({ ...facts, gpus, isTraining: true })).toEqual(cpu);
  expect(chooseDevice({ ...facts, gpus, requested: 'cpu' })).toEqual(cpu);
  expect(chooseDevice({ ...facts, gpus: [gpu(0, 20 * GIB)] })).toEqual(cpu);
  // A GPU that does not say how much it uses is not known to have room.
  expect(chooseDevice({ ...facts, gpus: [gpu(0, null)] })).toEqual(cpu);
});

test('a model that does not fit into the free memory is refused with both numbers', () => {
  const memory = { usedMb: 27 * GIB, totalMb: 32 * GIB };
  expect(() => chooseDevice({ ...facts, memory })).toThrow(
    /v001_a needs about 5\.6\sGB of memory; 5\.4\sGB are free\./,
  );
  const slow = { ...facts, hasFastBf16: false };
  expect(chooseDevice(slow)).toEqual({ device: 'cpu', precision: 'fp32' });
  expect(() => chooseDevice({ ...slow, memory: { usedMb: 24 * GIB, totalMb: 32 * GIB } })).toThrow(
    /needs about/,
  );
});

test('a model is found by its id, its plain base name, or a unique prefix', () => {
  const model = (id: string): AskedModel => ({
    id,
    kind: 'version',
    label: id,
    branch: null,
    step: null,
    folder: '/',
    config: null,
  });
  const models = ['current', 'v001_a', 'v002_b', 'base:starter'].map(model);
  expect(findModel(models, 'v001').id).toBe('v001_a');
  expect(findModel(models, 'starter').id).toBe('base:starter');
  expect(() => findModel(models, 'v00')).toThrow('matches several models');
  expect(() => findModel(models, 'x')).toThrow('There is no model x.');
  const untrained = models.filter(({ id }) => id !== 'current');
  expect(() => findModel(untrained, 'current')).toThrow(
    'There is no current model yet: no checkpoint has been saved.',
  );
});
