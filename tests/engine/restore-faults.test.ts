/** A part of the fault matrix of a restore; the whole of it is in tests/incidents/restore-faults.test.ts. */
import { afterAll, expect, test } from 'vitest';
import { anotherBase } from './fixtures/restore-alone.ts';
import { Matrix } from './fixtures/restore-matrix.ts';

const matrix = new Matrix();
const ofBase = new Matrix(anotherBase);
afterAll(() => {
  matrix.end();
  ofBase.end();
});
const kinds = ['EIO', 'ENOSPC', 'EACCES'] as const;

test('an error at every 23rd file operation, and a kill at some: the old state or the new one, whole', async () => {
  const operations = await matrix.operations();
  expect(operations).toBeGreaterThan(150);
  for (let at = 1; at <= operations; at += 23) {
    const kind = kinds[at % kinds.length] ?? 'EIO';
    await matrix.error(at, kind);
  }
  for (let at = Math.floor(operations / 2); at <= operations; at += Math.ceil(operations / 6))
    await matrix.kill(at);
  expect(matrix.ends.old).toBeGreaterThan(2);
  expect(matrix.ends.new).toBeGreaterThan(2);
});

test('the same while another base begins a lineage of its own', async () => {
  const operations = await ofBase.operations();
  for (let at = 1; at <= operations; at += 23) {
    const kind = kinds[at % kinds.length] ?? 'EIO';
    await ofBase.error(at, kind);
  }
  for (let at = Math.floor(operations / 2); at <= operations; at += Math.ceil(operations / 6))
    await ofBase.kill(at);
  expect(ofBase.ends.old).toBeGreaterThan(2);
  expect(ofBase.ends.new).toBeGreaterThan(2);
});
