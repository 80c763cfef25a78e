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
    unsaved: null,
  },
  staleAfter: 3,
  isPaceKnown: true,
  dataset: 'a.jsonl',
  isSupervising: true,
  deviceWait: null,
  notReady: null,
  validating: null,
  waiting: null,
  noBase: null,
  datasets: { needDecision: 0, queued: 0 },
};
const trainer = readings.trainer;
const dead = { ...trainer, alive: false, phase: null, ageSeconds: null };
const desiredState = (to: StateReadings['desiredState']['desired_state']) => ({
  ...readings.desiredState,
  desired_state: to,
});

describe('the state', () => {
  const cases: readonly [string, Partial<StateReadings>, string, string | null][] = [
    ['live process, fresh heartbeat', {}, 'training', 'heartbeat 0.4 s ago'],
    [
      'a trainer without heartbeats',
      { trainer: { ...trainer, ageSeconds: 9 } },
      'recovering',
      'no heartbeat for 9 s in step 13',
    ],
    ['a trainer that ended', { trainer: dead, isSupervising: false }, 'idle', 'the queue is empty'],
    ['a trainer that is starting', { trainer: dead }, 'loading', 'the trainer is starting'],
    ['evaluation', { trainer: { ...trainer, phase: 'generate' } }, 'evaluating', null],
    ['a save that blocks a step', { trainer: { ...trainer, phase: 'save' } }, 'saving', null],
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
    [
      'stop now',
      { desiredState: desiredState('stopped') },
      'stopping',
      'saving a checkpoint first',
    ],
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
      'restarts are used up',
      {
        trainer: dead,
        isSupervising: false,
        notReady: { category: 'driver_mismatch', message: 'm' },
      },
      'failed',
      'm',
    ],
    [
      'a device that is in use',
      { trainer: dead, isSupervising: false, deviceWait: 'waiting for cpu, held by pid 7' },
      'waiting',
      'waiting for cpu, held by pid 7',
    ],
    [
      'validation while nothing trains',
      { trainer: dead, isSupervising: false, validating: { name: 'b.jsonl', progress: 0.58 } },
      'validating',
      '58\u00a0%, b.jsonl',
    ],
    [
      'frozen in the first step of a run',
      {
        trainer: { ...readings.trainer, step: 0, ageSeconds: 7.2 },
        isPaceKnown: false,
        staleAfter: 30,
      },
      'loading',
      'first steps; no heartbeat for 7 s',
    ],
    [
      'still without a heartbeat after 30 s in the first step',
      {
        trainer: { ...readings.trainer, step: 0, ageSeconds: 31 },
        isPaceKnown: false,
        staleAfter: 30,
      },
      'recovering',
      'no heartbeat for 31 s in step 1',
    ],
    [
      'paused without room for a checkpoint',
      {
        trainer: {
          ...readings.trainer,
          phase: 'paused',
          unsaved: {
            step: 12,
            saved_step: 10,
            reason: 'the disk is full',
            free_bytes: 1000,
            needed_bytes: 2500,
          },
        },
      },
      'paused',
      "by you; step 10 is safe; step 12 isn't saved: the disk is full, 1.5\u00a0kB more are needed",
    ],
    [
      'a file needs a decision',
      { trainer: dead, isSupervising: false, datasets: { needDecision: 1, queued: 1 } },
      'idle',
      '1 file needs your decision',
    ],
  ];
  test.each(cases)('%s', (_name, change, state, reason) => {
    expect(decideState({ ...readings, ...change })).toEqual({ state, reason });
  });
});

test('a heartbeat is stale after twice the 99th percentile of the intervals, at least 3 s', () => {
  expect(decideStale([])).toBe(30);
  expect(decideStale(Array.from({ length: 100 }, () => 0.3))).toBe(3);
  expect(decideStale(Array.from({ length: 100 }, () => 4))).toBe(8);
});
