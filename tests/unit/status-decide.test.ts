import { describe, expect, test } from 'vitest';
import {
  decideStale,
  decideState,
  type StateReadings,
} from '../../src-main/engine/status/decide.ts';

const readings: StateReadings = {
  desiredState: { desired_state: 'running', since: 0, by: 'you', note: null },
  trainer: {
    alive: true,
    phase: 'step',
    ageSeconds: 0.4,
    step: 12,
    recovering: null,
    pending: null,
  },
  staleAfter: 3,
  dataset: 'a.jsonl',
  isSupervising: true,
  notReady: null,
  validating: null,
  waiting: null,
  noBase: null,
  datasets: { decide: 0, waiting: 0 },
};
const trainer = readings.trainer;
const dead = { ...trainer, alive: false, phase: null, ageSeconds: null };
const desiredState = (to: StateReadings['desiredState']['desired_state']) => ({
  ...readings.desiredState,
  desired_state: to,
});

describe('the state word', () => {
  const cases: readonly [string, Partial<StateReadings>, string, string | null][] = [
    ['live process, fresh heartbeat', {}, 'training', 'heartbeat 0.4 s ago'],
    [
      'a silent trainer does not train',
      { trainer: { ...trainer, ageSeconds: 9 } },
      'recovering',
      'no heartbeat for 9 s in step 13',
    ],
    [
      'a dead trainer does not train',
      { trainer: dead, isSupervising: false },
      'idle',
      'the queue is empty',
    ],
    [
      'one that is being launched loads',
      { trainer: dead },
      'loading',
      'the trainer is being started',
    ],
    ['evaluation', { trainer: { ...trainer, phase: 'generate' } }, 'evaluating', null],
    ['a save that holds up a step', { trainer: { ...trainer, phase: 'save' } }, 'saving', null],
    [
      'paused with the process kept',
      {
        trainer: { ...trainer, phase: 'paused', ageSeconds: 400 },
        desiredState: desiredState('paused'),
      },
      'paused',
      'by you',
    ],
    [
      'paused with the memory freed',
      { trainer: dead, isSupervising: false, desiredState: desiredState('paused') },
      'paused',
      'by you',
    ],
    ['stop now', { desiredState: desiredState('stopped') }, 'stopping', 'now, with a checkpoint'],
    ['stop after', { desiredState: desiredState('stopping_after') }, 'stopping', 'after a.jsonl'],
    [
      'stopped',
      { trainer: dead, isSupervising: false, desiredState: desiredState('stopped') },
      'stopped',
      'by you',
    ],
    [
      'a restart',
      { trainer: { ...dead, recovering: { attempt: 1, limit: 3, cause: 'killed' } } },
      'recovering',
      'attempt 1 of 3: killed',
    ],
    [
      'a bound is reached',
      {
        trainer: dead,
        isSupervising: false,
        notReady: { category: 'driver_mismatch', message: 'm' },
      },
      'failed',
      'm',
    ],
    [
      'a device in use is waited for',
      { trainer: dead, isSupervising: false, notReady: { category: 'device_busy', message: 'm' } },
      'recovering',
      'm',
    ],
    [
      'validation shows only when nothing trains',
      { trainer: dead, isSupervising: false, validating: { name: 'b.jsonl', progress: 0.58 } },
      'validating',
      '58\u00a0%, b.jsonl',
    ],
    [
      'a decision is waited for',
      { trainer: dead, isSupervising: false, datasets: { decide: 1, waiting: 1 } },
      'idle',
      '1 file waits for your decision',
    ],
  ];
  test.each(cases)('%s', (_name, change, state, reason) => {
    expect(decideState({ ...readings, ...change })).toEqual({ state, reason });
  });
});

test('fresh is twice the 99th percentile of the beats, never under 3 s', () => {
  expect(decideStale([])).toBe(30);
  expect(decideStale(Array.from({ length: 100 }, () => 0.3))).toBe(3);
  expect(decideStale(Array.from({ length: 100 }, () => 4))).toBe(8);
});
