import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile, mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import {
  appendLine,
  copyInto,
  createSerializer,
  Emitter,
  identityOf,
  isAlive,
  lastLines,
  moveFile,
  ownIdentity,
  readEnd,
  readHolder,
  readJson,
  readJsonLines,
  readLinesBackward,
  readLines,
  sha256File,
  signalGroup,
  Tail,
  takeLock,
  writeJson,
} from '../../src-main/kit/index.ts';

const root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-kit-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});
let count = 0;
let folder = '';
beforeEach(() => {
  folder = path.join(root, String(count++));
});

test('writeJson replaces a file atomically and leaves no temporary file', async () => {
  const target = path.join(folder, 'a.json');
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => writeJson(target, { n, text: 'x'.repeat(5000) })),
  );
  expect(((await readJson(target)) as { text: string }).text).toHaveLength(5000);
  expect(readdirSync(folder)).toEqual(['a.json']);
});

test('readJson returns null for a missing file and names an invalid one', async () => {
  expect(await readJson(path.join(folder, 'none.json'))).toBeNull();
  await writeJson(path.join(folder, 'a.json'), {});
  writeFileSync(path.join(folder, 'a.json'), '{');
  await expect(readJson(path.join(folder, 'a.json'))).rejects.toThrow('a.json');
});

test('readLines skips invalid lines and a truncated last line', async () => {
  const target = path.join(folder, 'a.jsonl');
  await appendLine(target, { n: 1 });
  await appendFile(target, 'junk\n');
  await appendLine(target, { n: 2 });
  await appendFile(target, '{"n":3');
  expect(await readJsonLines(target)).toEqual([{ n: 1 }, { n: 2 }]);
});

test('readLinesBackward reads the end of a file first, in every size of lines', async () => {
  const target = path.join(folder, 'a.jsonl');
  const read = async (limit = Infinity) => {
    const lines: string[] = [];
    for await (const line of readLinesBackward(target)) if (lines.push(line) >= limit) break;
    return lines;
  };
  expect(await read()).toEqual([]);
  mkdirSync(folder, { recursive: true });
  // Longer than a piece, exactly one piece with its newline, short, empty, and more than a byte a character.
  const lines = ['é'.repeat(100_000), 'x'.repeat(65_535), 'short', '', 'ü€'.repeat(50_000), 'last'];
  writeFileSync(target, `${lines.join('\n')}\n`);
  expect(await read()).toEqual([...lines].reverse());
  expect(await read(2)).toEqual(['last', lines[4]]);
  await appendFile(target, '{"cut":');
  expect(await read(1)).toEqual(['last']);
  writeFileSync(target, 'no newline');
  expect(await read()).toEqual([]);
});

test('moveFile never overwrites', async () => {
  await writeJson(path.join(folder, 'a'), 1);
  await writeJson(path.join(folder, 'b'), 2);
  await expect(moveFile(path.join(folder, 'a'), path.join(folder, 'b'))).rejects.toThrow('exists');
  expect(await readJson(path.join(folder, 'b'))).toBe(2);
  await moveFile(path.join(folder, 'a'), path.join(folder, 'c/d'));
  expect(await readJson(path.join(folder, 'c/d'))).toBe(1);
});

test('copyInto copies every byte', async () => {
  await writeJson(path.join(folder, 'a'), { text: 'y'.repeat(100_000) });
  await copyInto(path.join(folder, 'a'), path.join(folder, 'b'));
  expect(await sha256File(path.join(folder, 'b'))).toBe(await sha256File(path.join(folder, 'a')));
});

test('Tail returns each complete line once', async () => {
  const target = path.join(folder, 'log');
  const tail = new Tail(target);
  expect(await tail.read()).toEqual([]);
  await writeJson(path.join(folder, 'x'), 0);
  await appendFile(target, 'one\ntw');
  expect(await tail.read()).toEqual(['one']);
  await appendFile(target, 'o\nthree\n');
  expect(await tail.read()).toEqual(['two', 'three']);
  expect(tail.offset).toBe('one\ntwo\nthree\n'.length);
});

test('a process is identified by pid and start time; dead processes, zombies and reused pids do not match', async () => {
  const own = ownIdentity();
  expect(isAlive(own)).toBe(true);
  expect(isAlive({ pid: own.pid, start: 'another' })).toBe(false);
  const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  const identity = identityOf(child.pid ?? -1);
  expect(identity).not.toBeNull();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  expect(signalGroup(identity ?? own, 'SIGKILL')).toBe(true);
  await ended;
  expect(isAlive(identity ?? own)).toBe(false);
  expect(signalGroup(identity ?? own, 'SIGKILL')).toBe(false);
});

test('a lock of a dead process can be taken, a lock of a live one cannot', async () => {
  const lock = path.join(folder, 'lock');
  await writeJson(lock, { pid: 999_999_999, start: '0:dead', port: 1 });
  expect(await readHolder(lock)).toBeNull();
  const first = await takeLock(lock, { port: 2 });
  expect(first.taken).toBe(true);
  const second = await takeLock(lock, { port: 3 });
  expect(second).toMatchObject({ taken: false, holder: { port: 2, pid: process.pid } });
  if (first.taken) await first.release();
  expect(existsSync(lock)).toBe(false);
});

test('a listener that throws does not affect the others', () => {
  const errors: unknown[] = [];
  const received: number[] = [];
  const emitter = new Emitter<number>((error) => errors.push(error));
  emitter.on(() => {
    throw new Error('broken');
  });
  const unsubscribe = emitter.on((value) => received.push(value));
  emitter.emit(1);
  unsubscribe();
  emitter.emit(2);
  expect(received).toEqual([1]);
  expect(errors).toHaveLength(2);
});

test('lines of a file come whole, in order, over the borders of what is read at once', async () => {
  const target = path.join(folder, 'a.txt');
  const lines = ['', 'ä'.repeat(300_000), 'two', '€'.repeat(100_000), '', 'last'];
  await appendFile(await made(target), `${lines.join('\n')}\nnot whole`);
  const read: string[] = [];
  for await (const line of readLines(target)) read.push(line);
  expect(read).toEqual(lines);
  const all: string[] = [];
  for await (const line of readLines(target, { withCut: true })) all.push(line);
  expect(all).toEqual([...lines, 'not whole']);
  for await (const line of readLines(path.join(folder, 'none'))) expect(line).toBe('never');
});

test('the last lines come from the end of a file, whatever its size', async () => {
  const target = path.join(folder, 'a.log');
  expect(await lastLines(target)).toBeNull();
  await appendFile(await made(target), 'one\ntwo\nthree');
  expect(await lastLines(target)).toEqual({ lines: ['one', 'two', 'three'], isCut: false });
  expect(await lastLines(target, 2)).toEqual({ lines: ['two', 'three'], isCut: true });
  await appendFile(target, `\n${'x'.repeat(1 << 20)}\nlast\n`);
  expect(await lastLines(target)).toEqual({ lines: ['last'], isCut: true });
  expect(await readEnd(target, 5)).toEqual({ text: 'last\n', isCut: true });
});

test('tasks run one after another; one that fails stops none after it', async () => {
  const serializer = createSerializer();
  const order: string[] = [];
  const first = Promise.withResolvers<undefined>();
  const task = (name: string, wait: Promise<unknown>) => async (): Promise<string> => {
    order.push(`${name} begins`);
    await wait;
    order.push(`${name} ends`);
    if (name === 'b') throw new Error('b failed');
    return name;
  };
  const a = serializer.run(task('a', first.promise));
  const b = serializer.run(task('b', Promise.resolve()));
  const c = serializer.run(task('c', Promise.resolve()));
  first.resolve(undefined);
  await expect(b).rejects.toThrow('b failed');
  expect(await Promise.all([a, c])).toEqual(['a', 'c']);
  await serializer.idle();
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

/** The path, with its folder there. */
async function made(target: string): Promise<string> {
  await mkdir(path.dirname(target), { recursive: true });
  return target;
}
