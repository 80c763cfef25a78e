/** The lock of a workspace: without hard links, over process namespaces and machines, and over copies of the folder. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  isSeen,
  type LockHolder,
  type OwnedLock,
  ownIdentity,
  ownPlace,
  readHolder,
  takeLock,
} from '../../src-main/kit/index.ts';

let folder = '';
let lock = '';
const held: OwnedLock<object>[] = [];
const LEASE = { heartbeatSeconds: 0.1, leaseSeconds: 1 };

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'nightshift-lock-'));
  lock = path.join(folder, '.engine.lock');
});
afterEach(async () => {
  for (const own of held.splice(0)) await own.release();
  rmSync(folder, { recursive: true, force: true });
});

async function take(options: Parameters<typeof takeLock>[2] = LEASE, at = lock) {
  const result = await takeLock<{ port?: number }>(at, {}, options);
  if (result.taken) held.push(result);
  return result;
}
const content = (at = lock) => JSON.parse(readFileSync(at, 'utf8')) as LockHolder;
/** A holder that can't be seen from here, as one in another container. */
function writeElsewhere(heartbeat: number, more: object = {}): void {
  const { host } = ownPlace();
  const place = { host, namespace: 'pid:[1]', id: 'theirs', heartbeat };
  writeFileSync(lock, JSON.stringify({ format: 1, ...ownIdentity(), ...place, ...more }));
}

test('the file is written in place, grows no further, and its heartbeat changes', async () => {
  const own = await take();
  const first = content();
  expect(first).toMatchObject({ ...ownIdentity(), ...ownPlace() });
  if (own.taken) await own.update({ port: 7 });
  await sleep(350);
  const later = content();
  expect(later).toMatchObject({ port: 7, id: first.id, inode: first.inode });
  expect(later.heartbeat).toBeGreaterThan(first.heartbeat ?? 0);
  expect(readFileSync(lock)).toHaveLength(1024);
});

test('of eight processes that start at once over a stale lock, one succeeds', async () => {
  writeFileSync(lock, JSON.stringify({ pid: 999_999_999, start: '0:dead' }));
  const results = await Promise.all(Array.from({ length: 8 }, () => take()));
  expect(results.filter((result) => result.taken)).toHaveLength(1);
  expect(existsSync(`${lock}.removal`)).toBe(false);
});

test('an empty lock file, left by a process that was killed while it wrote, is replaced', async () => {
  writeFileSync(lock, '');
  expect((await take()).taken).toBe(true);
});

test('a removal that was killed is not waited for forever', async () => {
  writeFileSync(lock, JSON.stringify({ pid: 999_999_999, start: '0:dead' }));
  writeFileSync(`${lock}.removal`, '');
  expect((await take()).taken).toBe(true);
}, 10_000);

test('a holder that cannot be seen is alive as long as its heartbeat changes', async () => {
  let beats = 1;
  writeElsewhere(beats);
  const timer = setInterval(() => {
    writeElsewhere((beats += 1));
  }, 200);
  const waits: number[] = [];
  const result = await take({ ...LEASE, onWatch: (_holder, seconds) => waits.push(seconds) });
  clearInterval(timer);
  expect(result).toMatchObject({ taken: false, holder: { id: 'theirs', namespace: 'pid:[1]' } });
  expect(waits).toEqual([1]);
});

test('a holder that cannot be seen loses the lock when its heartbeat stops, whatever its clock says', async () => {
  writeElsewhere(1, { t: 9_999_999_999 });
  const since = performance.now();
  expect((await take()).taken).toBe(true);
  expect(performance.now() - since).toBeGreaterThan(900);
});

test('the pid of another namespace means another process: this one is not killed by its number', async () => {
  writeElsewhere(1);
  expect(await readHolder(lock)).toBeNull();
  const own = ownPlace();
  const { start } = ownIdentity();
  expect(isSeen({ start })).toBe(true);
  expect(isSeen({ start, ...own })).toBe(true);
  expect(isSeen({ start, ...own, host: 'clone' })).toBe(false);
  expect(isSeen({ start: '1:00000000', ...own })).toBe(false);
});

test('a copy of a workspace is not owned by the engine of the original', async () => {
  await take();
  const copy = path.join(folder, 'copy');
  cpSync(lock, copy);
  expect(await readHolder(lock)).not.toBeNull();
  expect(await readHolder(copy)).toBeNull();
  expect((await take(LEASE, copy)).taken).toBe(true);
});

test('an owner that slept while another took the lock notices it, and overwrites nothing', async () => {
  const losses: (string | null)[] = [];
  const own = await take({ ...LEASE, onLost: (holder) => losses.push(holder.id) });
  rmSync(lock);
  writeElsewhere(1);
  const theirs = readFileSync(lock, 'utf8');
  expect(own.taken && (await own.isHeld())).toBe(false);
  await sleep(800);
  expect(losses).toEqual(['theirs']);
  expect(readFileSync(lock, 'utf8')).toBe(theirs);
  if (own.taken) await own.release();
  expect(readFileSync(lock, 'utf8')).toBe(theirs);
});

test('a file that was removed by mistake is made again; one that is unreadable loses nothing', async () => {
  const losses: unknown[] = [];
  const own = await take({ ...LEASE, onLost: (holder) => losses.push(holder) });
  rmSync(lock);
  await sleep(400);
  expect(content().pid).toBe(process.pid);
  writeFileSync(lock, '{"pid": ');
  await sleep(400);
  expect(losses).toEqual([]);
  expect(own.taken && (await own.isHeld())).toBe(true);
});

test('a link or a pipe in place of the lock is refused in one sentence', async () => {
  symlinkSync(path.join(folder, 'precious'), lock);
  await expect(take()).rejects.toThrow('is not a plain file');
  expect(existsSync(path.join(folder, 'precious'))).toBe(false);
});
