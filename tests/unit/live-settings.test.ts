import { expect, test } from 'vitest';
import { type Config, factoryConfig } from '../../src-main/contract/index.ts';
import {
  liveSettingsOf,
  sendSettings,
  withLiveSettings,
} from '../../src-main/engine/trainer/live-settings.ts';
import { SupervisedPass } from '../../src-main/engine/trainer/supervised-pass.ts';
import type { PassRequest } from '../../src-main/engine/trainer/types.ts';

const CHANGED: Config = {
  ...factoryConfig,
  learning_rate: 1,
  micro_batch: 3,
  keep_checkpoints: 9,
  budget: { ...factoryConfig.budget, monitoring_percent: 50 },
};

function startedPass(): SupervisedPass {
  const request = { config: factoryConfig, lineage: { headStep: 0 } } as unknown as PassRequest;
  return new SupervisedPass(request);
}

test('a change of settings that are not frozen is sent to the trainer once', async () => {
  const pass = startedPass();
  const sent: unknown[] = [];
  const run = {
    isAlive: true,
    command: (...given: unknown[]): Promise<void> => {
      sent.push(given);
      return Promise.resolve();
    },
  };
  await sendSettings(pass, run, { values: () => factoryConfig });
  await sendSettings(pass, run, { values: () => ({ ...factoryConfig, learning_rate: 1 }) });
  expect(sent).toEqual([]);
  await sendSettings(pass, run, { values: () => CHANGED });
  await sendSettings(pass, run, { values: () => CHANGED });
  expect(sent).toEqual([['configure', liveSettingsOf(CHANGED)]]);
});

test('a command that could not be written is sent again', async () => {
  const pass = startedPass();
  let attempts = 0;
  const run = {
    isAlive: true,
    command: (): Promise<void> => {
      attempts += 1;
      return attempts === 1 ? Promise.reject(new Error('disk full')) : Promise.resolve();
    },
  };
  await sendSettings(pass, run, { values: () => CHANGED });
  await sendSettings(pass, run, { values: () => CHANGED });
  expect(attempts).toBe(2);
});

test('a restarted trainer begins with the settings as they are now, and with the rest frozen', () => {
  const config = withLiveSettings(factoryConfig, liveSettingsOf(CHANGED));
  expect(config).toEqual({ ...CHANGED, learning_rate: factoryConfig.learning_rate });
});
