/** Health checks: what they report, and what to do. */
import { expect, test } from 'vitest';
import {
  checkCheckpoint,
  checkDisk,
  checkQueue,
  checkTrainer,
} from '../../src-main/engine/health/checks.ts';

const trainer = {
  isSupervising: true,
  alive: true,
  pid: 7,
  phase: 'step',
  ageSeconds: 0.4,
  staleAfter: 30,
  recovering: null,
  notReady: null,
};

test('the trainer: running, silent, paused, restarting and not ready', () => {
  expect(checkTrainer(trainer)).toEqual({
    state: 'ok',
    evidence: 'Process 7, heartbeat 0.4\u00a0s ago, phase step.',
    fix: null,
  });
  expect(checkTrainer({ ...trainer, ageSeconds: 45 })).toMatchObject({
    state: 'warn',
    evidence: 'No heartbeat for 45\u00a0s (phase step).',
  });
  expect(checkTrainer({ ...trainer, ageSeconds: 900, phase: 'paused' }).state).toBe('ok');
  expect(checkTrainer({ ...trainer, ageSeconds: null }).state).toBe('unknown');
  expect(checkTrainer({ ...trainer, isSupervising: false }).evidence).toContain('Engine running');
  expect(checkTrainer({ ...trainer, recovering: 'the trainer was killed' }).state).toBe('warn');
  expect(checkTrainer({ ...trainer, notReady: 'the disk is full' }).state).toBe('fail');
});

test('the disk: below and near the minimum free space', () => {
  expect(checkDisk(20, 27).evidence).toBe('20.0\u00a0GB free, minimum free space 27.0\u00a0GB.');
  expect([checkDisk(20, 27), checkDisk(30, 27), checkDisk(90, 27)].map((r) => r.state)).toEqual([
    'fail',
    'warn',
    'ok',
  ]);
  expect(checkDisk(null, 27).state).toBe('unknown');
});

test('a damaged checkpoint is a failure only when no older one can be used', () => {
  const damaged = { step: 20, problem: 'model.safetensors is missing' };
  expect(checkCheckpoint(damaged, { step: 10 })).toMatchObject({
    state: 'warn',
    fix: 'Training resumes from step 10 automatically.',
  });
  expect(checkCheckpoint(damaged, null).state).toBe('fail');
  expect(checkCheckpoint(null, null).state).toBe('ok');
});

test('the queue: stuck files before decisions', () => {
  const stuck = [{ name: 'a.jsonl', minutes: 16, message: null }];
  expect(checkQueue({ stuck, needDecision: 1, waiting: 2 }).evidence).toBe(
    'a.jsonl has been waiting for 16 min: no reason is known.',
  );
  expect(checkQueue({ stuck: [], needDecision: 1, waiting: 2 }).evidence).toBe(
    '1 file needs your decision.',
  );
  expect(checkQueue({ stuck: [], needDecision: 0, waiting: 0 }).evidence).toBe('Queue is empty.');
});
