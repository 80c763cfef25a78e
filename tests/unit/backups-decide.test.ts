/** Pure decisions: what a cleanup of backups or checkpoints removes, what a verification says, when the daily version is due. */
import { describe, expect, test } from 'vitest';
import { resumeText } from '../../src-main/contract/index.ts';
import {
  type CleanupCandidate,
  decideCleanup,
  protectedBackups,
} from '../../src-main/engine/backups/cleanup.ts';
import { decideTarget } from '../../src-main/engine/backups/extracting.ts';
import { decideCheckpointCleanup } from '../../src-main/engine/checkpoints/cleanup.ts';
import { decideMismatch } from '../../src-main/engine/checkpoints/mismatch.ts';
import { dayOf, decideDaily, lastDue } from '../../src-main/engine/versions/daily.ts';

const day = 86_400;
const now = 1_000 * day;
const entry = (
  id: string,
  age: number,
  changes: Partial<CleanupCandidate> = {},
): CleanupCandidate => ({
  id,
  type: 'manual',
  created: now - age * day,
  bytes: 10,
  state: 'good',
  content: `model main ${id}`,
  isElsewhere: true,
  inUse: false,
  ...changes,
});
const clean = (all: readonly CleanupCandidate[], changes: { keep?: number; last?: boolean } = {}) =>
  decideCleanup(all, {
    now,
    retentionDays: 30,
    keepPerType: changes.keep ?? 1,
    lastCopies: changes.last ?? false,
  });
const ids = (list: readonly { readonly id: string }[]): string[] => list.map((each) => each.id);

describe('cleanup of backups', () => {
  test('removes what is past its retention and saved elsewhere, keeps the rest, each with a reason', () => {
    const plan = clean([entry('a', 1), entry('b', 29), entry('c', 31), entry('d', 400)]);
    expect(plan.removes).toEqual([
      { id: 'c', bytes: 10, why: '31 days old, also saved elsewhere' },
      { id: 'd', bytes: 10, why: '400 days old, also saved elsewhere' },
    ]);
    expect(plan.keeps).toEqual([
      { id: 'a', bytes: 10, why: 'newest verified backup of its type' },
      { id: 'b', bytes: 10, why: '29 days old, kept for 30 days' },
    ]);
  });

  test('keeps the newest verified backup of a type at any age, even when last copies may be removed; a damaged newer one is not counted', () => {
    const all = [
      entry('broken', 90, { state: 'damaged' }),
      entry('unread', 91, { state: 'unknown' }),
      entry('good', 100),
      entry('older', 101),
      entry('other', 300, { type: 'emergency' }),
    ];
    expect([...protectedBackups(all, 1)].sort()).toEqual(['good', 'other']);
    const plan = clean(all, { last: true });
    expect(ids(plan.keeps)).toEqual(['good', 'other']);
    expect(ids(clean(all, { keep: 2 }).keeps)).toEqual(['good', 'older', 'other']);
    expect(plan.removes[0]?.why).toBe('90 days old, damaged, also saved elsewhere');
  });

  test('keeps the last copy until its removal is confirmed, and the newest of several copies', () => {
    const alone = { isElsewhere: false };
    const all = [
      entry('new', 1),
      entry('x2', 50, { ...alone, content: 'x' }),
      entry('x1', 60, { ...alone, content: 'x' }),
    ];
    expect(ids(clean(all).removes)).toEqual(['x1']);
    expect(clean(all).keeps[1]).toMatchObject({
      id: 'x2',
      why: 'last copy: not saved anywhere else',
    });
    expect(ids(clean(all, { last: true }).removes)).toEqual(['x2', 'x1']);
  });

  test('a damaged or unverified copy protects no other, and is kept while it is the only one', () => {
    const alone = { isElsewhere: false, content: 'x' };
    const all = [
      entry('new', 1),
      entry('damaged', 50, { ...alone, state: 'damaged' }),
      entry('unread', 55, { ...alone, state: 'unknown' }),
      entry('good', 60, alone),
    ];
    const plan = clean(all);
    expect(ids(plan.removes)).toEqual(['damaged', 'unread']);
    expect(plan.keeps.find((each) => each.id === 'good')?.why).toContain('last copy');
    const rest = clean(all.slice(0, 3));
    expect(rest.removes).toEqual([]);
    expect(rest.keeps[1]?.why).toBe('damaged, but the only copy');
  });

  test('keeps a backup that is in use', () => {
    expect(clean([entry('new', 1), entry('c', 90, { inUse: true })]).removes).toEqual([]);
  });
});

test('a backup is extracted only to a new folder outside the workspace', () => {
  const free = { exists: false, hasParent: true };
  expect(decideTarget('/home/ada/out', '/home/ada/ws', free)).toBeNull();
  expect(decideTarget('/home/ada/ws2', '/home/ada/ws', free)).toBeNull();
  for (const [to, reading] of [
    ['out', free],
    ['/home/ada/ws', free],
    ['/home/ada/ws/queue/x', free],
    ['/home/ada/out', { exists: true, hasParent: true }],
    ['/home/ada/out', { exists: false, hasParent: false }],
  ] as const)
    expect(decideTarget(to, '/home/ada/ws', reading), to).not.toBeNull();
});

describe('checkpoints', () => {
  const skip = (step: number) => ({
    branch: 'main',
    step,
    folder: `/c/${String(step)}`,
    reason: 'state.json is missing',
  });
  test('the sentence says from where, and what was skipped why', () => {
    const resumes = { branch: 'main', step: 800, folder: '/c/step-00000800', dataset: 'a.jsonl' };
    expect(resumeText('main', resumes, [])).toBe(
      'would resume at step 800 of branch main from /c/step-00000800',
    );
    expect(resumeText('main', resumes, [skip(1000), skip(900)])).toBe(
      'would resume at step 800 of branch main from /c/step-00000800; 2 skipped because step 1000: state.json is missing; step 900: state.json is missing',
    );
    expect(resumeText('main', null, [])).toBe(
      'no checkpoints on branch main; training would start from the base model',
    );
    expect(resumeText('main', null, [skip(9)])).toBe(
      "can't resume on branch main: no valid checkpoint (checked 1; step 9: state.json is missing)",
    );
  });

  test('a different base model and a modified file are mismatches; a completed dataset may change', () => {
    const base = { id: 'a', hash: 'aaaa' };
    const dataset = { name: 'd.jsonl', contentHash: '1', fileHash: '2', isComplete: false };
    expect(decideMismatch({ checkpointBase: base, base, dataset: null })).toBeNull();
    expect(
      decideMismatch({ checkpointBase: base, base: { id: 'b', hash: 'bbbb' }, dataset: null }),
    ).toBe('it was trained from base model a (aaaa), but the selected base model is b (bbbb)');
    expect(decideMismatch({ checkpointBase: base, base, dataset })).toBe(
      'd.jsonl was modified while it was being trained',
    );
    for (const changes of [{ fileHash: '1' }, { fileHash: null }, { isComplete: true }])
      expect(
        decideMismatch({ checkpointBase: base, base, dataset: { ...dataset, ...changes } }),
      ).toBeNull();
  });

  test('keeps the newest checkpoints of every branch up to the verified one; removes none where none verifies', () => {
    const at = (...steps: number[]) => steps.map((step) => ({ step, bytes: step }));
    const plan = decideCheckpointCleanup(
      [
        { branch: 'main', checkpoints: at(50, 40, 30, 20, 10, 5), verified: 40, leased: [20] },
        { branch: 'branch-2', checkpoints: at(9, 8), verified: null, leased: [] },
        { branch: 'branch-3', checkpoints: at(7), verified: 7, leased: [] },
      ],
      2,
    );
    expect(plan.removes.map(({ branch, step }) => [branch, step])).toEqual([
      ['main', 10],
      ['main', 5],
    ]);
    expect(plan.freed_bytes).toBe(15);
    expect(plan.keeps.map((each) => each.why)).toEqual([
      'failed verification; training will overwrite it',
      'newest verified checkpoint',
      'one of the newest 2',
      'a restore to it is being planned',
      'no checkpoint of this branch verifies',
      'no checkpoint of this branch verifies',
      'newest verified checkpoint',
    ]);
  });
});

describe('the daily version', () => {
  const local = (text: string): number => new Date(text).getTime() / 1000;
  test('is due at its local time, and late after a sleep', () => {
    expect(lastDue(local('2026-11-25T03:00:00'), '03:00')).toBe(local('2026-11-25T03:00:00'));
    expect(lastDue(local('2026-11-25T02:59:59'), '03:00')).toBe(local('2026-11-24T03:00:00'));
    expect(lastDue(local('2026-12-01T09:30:00'), '23:15')).toBe(local('2026-11-30T23:15:00'));
    expect(lastDue(local('2026-11-25T03:00:00'), '')).toBeNull();
    expect(dayOf(local('2026-01-02T03:00:00'))).toBe('2026-01-02');
  });
  test('is made once: not on the first day, not again after a restart, not while disabled', () => {
    const noon = local('2026-11-25T12:00:00');
    const due = local('2026-11-25T03:00:00');
    expect(decideDaily(noon, '03:00', null)).toEqual({ kind: 'begin', due });
    expect(decideDaily(noon, '03:00', due)).toEqual({ kind: 'wait' });
    expect(decideDaily(noon + 20 * 3600, '03:00', due)).toEqual({ kind: 'make', due: due + day });
    // Five days asleep: one, not five.
    expect(decideDaily(noon + 5 * day, '03:00', due)).toEqual({
      kind: 'make',
      due: due + 5 * day,
    });
    expect(decideDaily(noon + 20 * 3600, '', due)).toEqual({ kind: 'wait' });
    // The clock was set back by a week: the record starts over.
    expect(decideDaily(noon - 7 * day, '03:00', due)).toMatchObject({ kind: 'begin' });
  });
});
