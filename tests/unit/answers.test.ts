/** The answers of evaluations: wrong ones first, those of a version, and two versions side by side. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  answerResult,
  comparedAnswers,
  type EvaluationAnswer,
  type EvaluationAnswers,
  tableOf,
} from '../../src-main/contract/index.ts';
import { readVersionAnswers, workspacePaths } from '../../src-main/formats/index.ts';

const dataset = { id: 'd-1', name: 'a.jsonl' };
const answer = (
  row: number,
  result: 'wrong' | 'unfinished' | 'matches',
  prompt = `q${String(row)}`,
): EvaluationAnswer => ({
  ...{ row, prompt, expected: 'yes', produced: result === 'matches' ? 'yes' : 'no' },
  ...{ matches: result === 'matches', finished: result !== 'unfinished' },
});
const evaluation = (
  facts: Partial<EvaluationAnswers>,
  answers: readonly EvaluationAnswer[],
): EvaluationAnswers => ({
  ...{ t: 5, branch: 'main', pass: 'p-1', step: 7, when: 'end' },
  ...facts,
  answers: [...answers],
});

test('wrong answers come first, unfinished ones next, each group in the order of the questions', () => {
  const table = tableOf(
    evaluation({}, [
      ...[answer(1, 'matches'), answer(2, 'unfinished'), answer(3, 'wrong')],
      ...[answer(4, 'matches'), answer(5, 'wrong')],
    ]),
    dataset,
  );
  expect(table.answers.map(({ row }) => row)).toEqual([3, 5, 2, 1, 4]);
  expect(table.answers.map(answerResult)).toEqual([
    ...['wrong', 'wrong', 'unfinished', 'matches', 'matches'],
  ]);
  expect(table).toMatchObject({ k: 2, n: 5, unfinished: 1, step: 7, dataset });
});

test('side by side: different results first, then those that neither answers', () => {
  const a = { answers: [answer(1, 'matches'), answer(2, 'wrong'), answer(3, 'wrong')] };
  const b = {
    answers: [answer(9, 'matches', 'q1'), answer(2, 'matches'), answer(3, 'unfinished')],
  };
  const shown = comparedAnswers(a, { answers: [...b.answers, answer(4, 'wrong', 'new')] });
  expect(shown.map(({ prompt }) => prompt)).toEqual(['q2', 'new', 'q3', 'q1']);
  expect(shown[1]).toMatchObject({ a: null, b: { row: 4 } });
});

describe('the answers of a version', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'nightshift-answers-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const write = (id: string, ...lines: readonly unknown[]): void => {
    const folder = workspacePaths(root).dataset(id);
    mkdirSync(folder, { recursive: true });
    const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
    writeFileSync(path.join(folder, 'answers.jsonl'), text.join(''));
  };
  const version = {
    ...{ name: 'v001_a', dataset: 'd-1', datasets: [dataset] },
    ...{ branch: 'main', step: 7 },
  };
  const read = (facts: Partial<typeof version> = {}) =>
    readVersionAnswers(workspacePaths(root), { ...version, ...facts });

  test('are those of its own step and branch; damaged lines are skipped', async () => {
    write(
      'd-1',
      evaluation({ step: 3 }, [answer(1, 'wrong')]),
      evaluation({}, [answer(1, 'matches')]),
      evaluation({ branch: 'branch-2' }, [answer(1, 'unfinished')]),
      '{"cut',
    );
    expect(await read()).toMatchObject({
      version: 'v001_a',
      evaluation: { step: 7, branch: 'main', k: 1, n: 1, dataset },
      missing: null,
    });
    expect((await read({ branch: 'branch-2' })).evaluation).toMatchObject({ unfinished: 1 });
  });

  test('are never those of another step', async () => {
    write('d-1', evaluation({ step: 3 }, [answer(1, 'matches')]));
    const missing = 'No answers were generated at step 7.';
    expect(await read()).toEqual({ version: 'v001_a', evaluation: null, missing });
    expect(await read({ dataset: 'd-gone', datasets: [] })).toMatchObject({ missing });
  });
});
