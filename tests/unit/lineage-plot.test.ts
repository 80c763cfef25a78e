/** Data of the lineage chart and texts of a restore plan. */
import { expect, test } from 'vitest';
import { lineageOf, validationOf } from '../contract/scenes/models.ts';
import type { LineageState, RestorePlan } from '../../src-main/contract/index.ts';
import { movedTo } from '../../src-renderer/rooms/models/list-navigation.ts';
import { progressOf } from '../../src-renderer/rooms/models/restore/restore-progress.ts';
import { discardedRangeOf } from '../../src-renderer/rooms/models/lineage/discarded-range.ts';
import { lineagePlotOf } from '../../src-renderer/rooms/models/lineage/lineage-plot.ts';
import {
  phaseTime,
  diskText,
  namesText,
  summaryOf,
  undoneText,
} from '../../src-renderer/rooms/models/restore/restore-text.ts';

const lineage = lineageOf(0);
const saved = { versions: [], backups: [], checkpoints: lineage.checkpoints };
const plot = lineagePlotOf(lineage, saved, validationOf(lineage, 1412), 1412);

test('segments meet at their forks, and an abandoned part is a segment of its own', () => {
  if (plot === null) throw new Error('no plot');
  const names = plot.segments.map(
    (segment) => `${segment.branch} ${segment.isActive ? 'active' : 'abandoned'}`,
  );
  expect(names).toEqual([
    'main active',
    'main abandoned',
    'branch-2 active',
    'branch-2 abandoned',
    'branch-3 active',
  ]);
  const [mainIn, mainLeft, secondIn] = plot.segments;
  expect(mainIn?.points.at(-1)).toEqual(mainLeft?.points[0]);
  expect(mainIn?.points.at(-1)).toEqual(secondIn?.points[0]);
  expect(mainLeft?.label).toBe('main, abandoned at 1,240');
  expect(plot.forks.map((fork) => fork.x)).toEqual([1100, 1300]);
  expect(plot.last).toBe(1460);
  expect(plot.now?.step).toBe(1412);
});

test('a mark is in the model when its step lies in the line', () => {
  const of = (key: string) => plot?.marks.find((mark) => mark.key === key)?.isActive;
  expect(of('checkpoint main 1100')).toBe(true);
  expect(of('checkpoint main 1180')).toBe(false);
  expect(of('checkpoint branch-2 1300')).toBe(true);
  expect(of('checkpoint branch-2 1460')).toBe(false);
});

test('without a measured loss there is no plot', () => {
  expect(lineagePlotOf(lineage, saved, [], 1412)).toBeNull();
});

const plan: RestorePlan = {
  id: 'p',
  source: { kind: 'rollback' },
  title: 'Roll back',
  from: {
    branch: 'branch-3',
    step: 1412,
    validation_loss: null,
    evaluated_step: null,
    exact_match: null,
  },
  to: {
    branch: 'branch-2',
    step: 1460,
    validation_loss: null,
    evaluated_step: null,
    exact_match: null,
  },
  new_branch: 'branch-4',
  steps_leaving: 112,
  optimizer_state: 'restored',
  warmup_steps: 0,
  datasets_leaving: [{ id: 'd', name: 'a.jsonl', share: 'part', steps: 112, can_queue: true }],
  phases: [],
  disk: { free_bytes: 10e9, needed_bytes: 3e9, fits: true },
  undo: '',
};

test('the discarded range ends at the current step and names a reactivated branch', () => {
  expect(discardedRangeOf(plan, lineage)).toEqual({
    from: 1300,
    to: 1412,
    steps: 112,
    reactivated: { branch: 'branch-2', step: 1460 },
  });
  const down: RestorePlan = {
    ...plan,
    to: { ...plan.to, branch: 'main', step: 900 },
    steps_leaving: 512,
  };
  expect(discardedRangeOf(down, lineage)).toMatchObject({ from: 900, reactivated: null });
});

test('texts of a plan', () => {
  expect(undoneText(plan)).toBe('1 (partial)');
  expect(undoneText({ ...plan, datasets_leaving: [] })).toBe('none');
  expect(summaryOf({ ...plan, steps_leaving: 0 }, true)).toContain('No steps are discarded.');
  expect(phaseTime(0.2)).toBe('under 1\u00a0s');
  expect(phaseTime(9)).toBe('about 9\u00a0s');
  expect(phaseTime(null)).toBeNull();
  expect(diskText({ free_bytes: 1e9, needed_bytes: 3e9, fits: false })).toMatch(
    /Not enough disk space: 3\.0\sGB needed/,
  );
  expect(namesText(['a', 'b', 'c'])).toBe('a, b and c');
});

test('keys move within the list and stop at its ends', () => {
  expect(movedTo('j', -1, 3)).toBe(0);
  expect(movedTo('k', -1, 3)).toBe(2);
  expect(movedTo('ArrowDown', 2, 3)).toBe(2);
  expect(movedTo('ArrowUp', 0, 3)).toBe(0);
  expect(movedTo('x', 0, 3)).toBeNull();
  expect(movedTo('j', 0, 0)).toBeNull();
});

const asked = (code: string | null) =>
  ({ kind: 'failed', refused: { text: 'no', next: null, code, facts: {} } }) as const;

test('a lost answer is told from a failure by what the lineage says', () => {
  const running = { title: 'Roll back', phase: 'verify', message: null, since: 1 } as const;
  const at = (restore: LineageState['restore'], head = lineage.head): LineageState => ({
    ...lineage,
    head,
    restore,
  });
  expect(progressOf(asked(null), plan, at({ ...running, state: 'running' })).kind).toBe('running');
  expect(progressOf(asked(null), plan, at(null, 'branch-4'))).toEqual({
    kind: 'done',
    result: null,
  });
  expect(progressOf(asked(null), plan, at(null)).kind).toBe('failed');
  expect(progressOf(asked('BUSY'), plan, at(null, 'branch-4')).kind).toBe('failed');
  const failed = at({ ...running, state: 'failed', message: 'no room' });
  expect(progressOf(asked('NOT_READY'), plan, failed)).toMatchObject({
    at: { message: 'no room' },
  });
  // Another restore's failure, or an earlier one of the same title, is not this one's.
  expect(progressOf({ kind: 'running' }, plan, failed)).toEqual({ kind: 'running', at: null });
});
