/** `nightshift logs` and `nightshift notices` from the files alone, without an engine. */
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommandLine } from '../../src-main/cli/index.ts';
import { waitUntil } from '../support/until.ts';

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'nightshift-logs-'));
  await mkdir(join(workspace, 'logs'));
  await mkdir(join(workspace, 'data'));
});
afterEach(() => rm(workspace, { recursive: true, force: true }));

function start(args: readonly string[], signal = new AbortController().signal) {
  const printed = { out: '', err: '' };
  const terminal = {
    out: (text: string) => {
      printed.out += text;
    },
    error: (text: string) => {
      printed.err += text;
    },
    interactive: false,
    ask: () => Promise.resolve(null),
  };
  const environment = { NIGHTSHIFT_WORKSPACE: workspace };
  const code = runCommandLine(args, { terminal, environment, now: () => 0, signal, version: 't' });
  return { printed, code };
}

const log = (day: string): string => join(workspace, 'logs', `engine_${day}.log`);

test('logs prints the last lines of the newest file, with control characters written out', async () => {
  await writeFile(log('20260101'), 'old\n');
  await writeFile(log('20260102'), 'one\ntwo\nthree \u001b[31mred\n');
  const { printed, code } = start(['logs', '--limit', '2']);
  expect(await code).toBe(0);
  expect(printed.out).toBe('two\nthree \\u001b[31mred\n');
});

test('logs without a file says so', async () => {
  const { printed, code } = start(['logs', '--source', 'trainer']);
  expect(await code).toBe(0);
  expect(printed.out).toBe('There is no log of the trainer yet.\n');
});

test('logs -f shows new lines and continues with the file of the next day, until Ctrl-C', async () => {
  await writeFile(log('20260101'), 'one\n');
  const interrupt = new AbortController();
  const { printed, code } = start(['logs', '-f'], interrupt.signal);
  await waitUntil('the first line', () => printed.out === 'one\n', 10, 20);
  await appendFile(log('20260101'), 'two\n');
  await waitUntil('the second', () => printed.out === 'one\ntwo\n', 10, 20);
  await writeFile(log('20260102'), 'three\n');
  await waitUntil('the next day', () => printed.out === 'one\ntwo\nthree\n', 10, 20);
  interrupt.abort();
  expect(await code).toBe(0);
});

test('notices lists warnings and failures that are open, and with --all the others', async () => {
  const notice = (id: string, change: object) => ({
    ...{ id, t: 1, kind: 'fact', tone: 'fail', title: `Title ${id}`, body: 'Body.' },
    ...{ opens: 'health', dismissed: false, ...change },
  });
  const notices = [
    notice('n-1', {}),
    notice('n-2', { tone: 'info' }),
    notice('n-3', { dismissed: true }),
  ];
  await writeFile(join(workspace, 'data/notices.json'), JSON.stringify({ format: 1, notices }));
  const open = start(['notices']);
  expect(await open.code).toBe(0);
  expect(open.printed.out).toContain('failure  Title n-1\n  Body.\n  n-1, see health');
  expect(open.printed.out).not.toMatch(/n-2|n-3/);
  const all = start(['notices', 'list', '--all']);
  await all.code;
  expect(all.printed.out).toMatch(/n-1[\s\S]*n-2[\s\S]*n-3/);
  const none = start(['notices', 'dismiss']);
  expect(await none.code).toBe(3);
  expect(none.printed.err).toContain('--all');
});
