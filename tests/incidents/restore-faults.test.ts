/**
 * Incident 17: a restore once deleted current_model first. The full matrix: every file operation of a restore fails with each error, and the
 * process is killed at each. The next start always finds the complete old or the complete new state, reports which, and a second
 * restore works.
 */
import { afterAll, expect, test } from 'vitest';
import { anotherBase } from '../engine/fixtures/restore-alone.ts';
import { Matrix } from '../engine/fixtures/restore-matrix.ts';

const matrix = new Matrix();
const ofBase = new Matrix(anotherBase);
afterAll(() => {
  matrix.end();
  ofBase.end();
});
/** 1,320 cases, each with two or three starts; about a third of a second each on two idle cores. */
const timeout = 2_700_000;
const kinds = ['EIO', 'ENOSPC', 'EACCES'] as const;

test(
  'incident 17: every file operation of a restore × every kind of fault',
  { timeout },
  async () => {
    const operations = await matrix.operations();
    expect(operations).toBeGreaterThan(150);
    let cases = 0;
    for (let at = 1; at <= operations; at += 1)
      for (const kind of kinds) {
        await matrix.error(at, kind);
        cases += 1;
      }
    // Two at a time, each in its own process.
    const rest = Array.from({ length: operations }, (_, at) => at + 1);
    const kill = async (): Promise<void> => {
      for (let at = rest.shift(); at !== undefined; at = rest.shift()) {
        await matrix.kill(at);
        cases += 1;
      }
    };
    await Promise.all([kill(), kill()]);
    const { old, new: switched } = matrix.ends;
    process.stdout.write(
      `restore: ${String(operations)} file operations × 4 kinds of fault = ${String(cases)} cases, ${String(old)} ended in the old state, ${String(switched)} in the new one, all whole\n`,
    );
    expect(cases).toBe(operations * 4);
  },
);

test(
  'the same while a new base model starts a lineage: an error at every file operation, a kill at every third',
  { timeout },
  async () => {
    const operations = await ofBase.operations();
    expect(operations).toBeGreaterThan(150);
    let cases = 0;
    for (let at = 1; at <= operations; at += 1) {
      await ofBase.error(at, kinds[at % kinds.length] ?? 'EIO');
      cases += 1;
      if (at % 3 !== 0) continue;
      await ofBase.kill(at);
      cases += 1;
    }
    const { old, new: switched } = ofBase.ends;
    process.stdout.write(
      `another base: ${String(operations)} file operations, ${String(cases)} cases, ${String(old)} ended in the old state, ${String(switched)} in the new one, all whole\n`,
    );
  },
);
