import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemRefusal } from '../../src-main/contract/index.ts';
import { toWireError } from '../../src-main/server/router.ts';

const failure = (code: string, path?: string): Error =>
  Object.assign(new Error(`${code}: something, write`), { code, path, errno: -1 });

test.each([
  ['ENOSPC', 'DISK_FULL', "The disk is full: couldn't write /w/a."],
  ['EDQUOT', 'DISK_FULL', "The disk is full: couldn't write /w/a."],
  ['EROFS', 'READ_ONLY', "The disk is read-only: couldn't write /w/a."],
  ['EACCES', 'READ_ONLY', 'No permission to use /w/a.'],
  ['EIO', 'NOT_READY', 'The disk reported an error for /w/a.'],
  ['ENAMETOOLONG', 'INVALID', 'The name is too long for this disk: /w/a.'],
])('%s is one sentence with what to do, and no bug', (code, refusal, message) => {
  const bugs: unknown[] = [];
  const wire = toWireError(failure(code, '/w/a'), (bug) => bugs.push(bug));
  expect(wire).toMatchObject({ code: refusal, message, data: { subject: '/w/a' } });
  expect(systemRefusal(failure(code))?.data.next).toMatch(/\.$/);
  expect(bugs).toEqual([]);
});

test('any other error stays a bug', () => {
  expect(systemRefusal(new TypeError('x is undefined'))).toBeNull();
  expect(systemRefusal(failure('ECONNRESET'))).toBeNull();
  expect(systemRefusal('text')).toBeNull();
});

test('an error of the real file system is recognized', () => {
  try {
    readdirSync(`/${'a'.repeat(300)}`);
    throw new Error('not reached');
  } catch (error) {
    expect(systemRefusal(error)?.message).toMatch(/^The name is too long for this disk: \/aaa/);
  }
});
