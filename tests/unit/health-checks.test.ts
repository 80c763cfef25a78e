/** Health checks: what they report, and what to do. */
import { expect, test } from 'vitest';
import {
  checkBase,
  checkCheckpoint,
  checkConfig,
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

const good = { step: 20, problem: null };
const readAll = (skipped: readonly { step: number; reason: string }[], resumes: number | null) => ({
  result: { resumes: resumes === null ? null : { step: resumes }, skipped },
  t: 880,
  isCurrent: true,
});
const checkpoint = { newest: good, unreadable: [], full: null, now: 1000 };
const flipped = { step: 20, reason: 'model.safetensors has changed since it was saved' };

test('issue 10, 27: a checkpoint is good only when every byte was read, and the age is shown', () => {
  expect(checkCheckpoint({ ...checkpoint, full: readAll([], 20) })).toMatchObject({
    state: 'ok',
    evidence: 'Step 20: checksums OK, every byte read 2\u00a0min ago.',
  });
  // Its size is right, its bytes are not.
  expect(checkCheckpoint({ ...checkpoint, full: readAll([flipped], 10) })).toMatchObject({
    state: 'warn',
    evidence: expect.stringContaining('Step 20: model.safetensors has changed'),
    fix: 'Training resumes from step 10 automatically.',
  });
  expect(checkCheckpoint({ ...checkpoint, full: readAll([flipped], null) }).state).toBe('fail');
  expect(checkCheckpoint(checkpoint).evidence).toContain('its checksums are being read');
  const older = { ...readAll([], 10), isCurrent: false };
  expect(checkCheckpoint({ ...checkpoint, full: older }).evidence).toContain(
    'step 10 was read completely 2\u00a0min ago',
  );
});

test('a folder whose manifest cannot be read is damaged, not missing', () => {
  expect(checkCheckpoint({ ...checkpoint, newest: null }).state).toBe('ok');
  expect(checkCheckpoint({ ...checkpoint, newest: null, unreadable: [28] })).toMatchObject({
    state: 'warn',
    evidence: "Step 28: manifest.json can't be read.",
  });
});

test('configuration and base model: a problem is a failure with what to do', () => {
  expect(checkConfig(null, '/w/config.json').state).toBe('ok');
  expect(checkConfig('Unknown setting batch.', '/w/config.json')).toMatchObject({
    state: 'fail',
    evidence: 'Unknown setting batch.',
    fix: expect.stringContaining('/w/config.json'),
  });
  expect(checkBase('', null).state).toBe('ok');
  expect(checkBase('starter', null).state).toBe('ok');
  expect(checkBase('starter', "base model starter can't be read (/w)")).toMatchObject({
    state: 'fail',
    evidence: "Base model starter can't be read (/w).",
  });
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
