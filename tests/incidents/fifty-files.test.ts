/**
 * Drops fifty files on the window at once, in every format and compression, a third of them broken, with a real engine and the real
 * intake worker. Each file gets its own progress and verdict, none is lost, and the page stays responsive.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import type { Page } from 'playwright';
import { dropBytes } from '../ui/open-page.ts';
import { EngineProcess, questions, until } from './engine-process.ts';
import { openWindow } from './window.ts';

const app = new EngineProcess();
afterAll(async () => {
  await app.end();
});

type Expected = 'ready' | 'needs_decision' | 'refused';
interface Dropped {
  readonly name: string;
  readonly bytes: Buffer;
  readonly expected: Expected;
}

const lines = (rows: readonly unknown[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** A parquet file of these rows, written by the library that the worker uses to read it. */
function parquet(rows: readonly unknown[]): Buffer {
  const python = path.resolve(import.meta.dirname, '../../python-runtime/.venv/bin/python');
  const code =
    'import json,sys,pyarrow as a;from pyarrow import parquet as p;' +
    'p.write_table(a.Table.from_pylist(json.load(sys.stdin)),sys.stdout.buffer)';
  const done = spawnSync(python, ['-c', code], {
    input: JSON.stringify(rows),
    maxBuffer: 1 << 26,
  });
  if (done.status !== 0) throw new Error(done.stderr.toString());
  return done.stdout;
}

/** Questions and answers as pairs of texts. */
const pairs = (count: number, seed: number): readonly { question: string; answer: string }[] =>
  questions(count, seed).map(({ messages }) => ({
    question: messages.find((message) => message.role === 'user')?.content ?? '',
    answer: messages.find((message) => message.role === 'assistant')?.content ?? '',
  }));

/** Rows that differ from file to file. */
function files(): readonly Dropped[] {
  const kinds: ((n: number) => readonly [string, string | Buffer, Expected])[] = [
    (n) => [`question-${String(n)}.jsonl`, lines(pairs(200, n)), 'ready'],
    (n) => [
      `messages-${String(n)}.jsonl`,
      lines(
        pairs(150, n).map(({ question, answer }) => ({
          messages: [
            { role: 'system', content: 'Answer shortly.' },
            { role: 'user', content: question },
            { role: 'assistant', content: answer },
          ],
        })),
      ),
      'ready',
    ],
    (n) => [
      `alpaca-${String(n)}.json`,
      JSON.stringify(
        pairs(80, n).map(({ question, answer }) => ({
          instruction: question,
          input: '',
          output: answer,
        })),
      ),
      'ready',
    ],
    (n) => [
      `sharegpt-${String(n)}.jsonl.gz`,
      gzipSync(
        lines(
          pairs(90, n).map(({ question, answer }) => ({
            conversations: [
              { from: 'human', value: question },
              { from: 'gpt', value: answer },
            ],
          })),
        ),
      ),
      'ready',
    ],
    (n) => [
      `completion-${String(n)}.jsonl.zst`,
      zstdCompressSync(
        Buffer.from(
          lines(
            pairs(70, n).map(({ question, answer }) => ({
              prompt: question,
              completion: answer,
            })),
          ),
        ),
      ),
      'ready',
    ],
    (n) => [
      `table-${String(n)}.csv`,
      `question,answer\n${pairs(60, n)
        .map(({ question, answer }) => `"${question}, quoted","${answer}\nsecond line"`)
        .join('\n')}\n`,
      'ready',
    ],
    (n) => [
      `columns-${String(n)}.csv`,
      `text,category\n${'my card is lost,lost_card\n'.repeat(30)}`,
      'needs_decision',
    ],
    (n) => [
      `text-${String(n)}.jsonl`,
      lines(pairs(40, n).map(({ question }) => ({ text: `${question} `.repeat(30) }))),
      'ready',
    ],
    (n) => {
      const broken = lines(pairs(50, n)).split('\n');
      broken[16] = '{"question": "cut off';
      return [`broken-line-${String(n)}.jsonl`, broken.join('\n'), 'needs_decision'];
    },
    (n) => [`parquet-${String(n)}.parquet`, parquet(pairs(60, n)), 'ready'],
    (n) => [
      `cut-${String(n)}.jsonl.gz`,
      gzipSync(lines(pairs(3000, n))).subarray(0, 6000),
      'refused',
    ],
    (n) => [
      `cut-${String(n)}.jsonl.zst`,
      zstdCompressSync(Buffer.from(lines(pairs(3000, n)))).subarray(0, 900),
      'refused',
    ],
    (n) => [`footer-${String(n)}.parquet`, parquet(pairs(30, n)).subarray(0, -12), 'refused'],
    (n) => {
      const array = JSON.stringify(pairs(50, n));
      return [`cut-${String(n)}.json`, array.slice(0, array.length - 40), 'needs_decision'];
    },
    (n) => [
      `mixed-${String(n)}.jsonl`,
      lines([...pairs(20, n), { messages: [{ role: 'user', content: 'a' }] }]),
      'refused',
    ],
    (n) => [
      `utf16-${String(n)}.jsonl`,
      Buffer.from('\ufeff{"a":1}\n', 'utf16le'),
      'needs_decision',
    ],
    (n) => [
      `unanswered-${String(n)}.jsonl`,
      lines(
        pairs(9, n).map(({ question }) => ({
          messages: [{ role: 'user', content: question }],
        })),
      ),
      'refused',
    ],
  ];
  return Array.from({ length: 50 }, (_, n) => {
    const kind = kinds[n % kinds.length];
    if (kind === undefined) throw new Error('no kind');
    const [name, content, expected] = kind(n);
    return { name, bytes: Buffer.from(content), expected };
  });
}

/** Records the longest time between two frames and which uploads showed their own progress. */
async function watchPage(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = { longest: 0, frames: 0, progress: [] as string[] };
    Object.assign(window, { seen });
    const names = new Set<string>();
    new MutationObserver(() => {
      for (const bar of document.querySelectorAll('[role=progressbar]')) {
        const label = bar.getAttribute('aria-label') ?? '';
        if (/^(Upload|Validation) of/.test(label)) names.add(label.replace(/^\w+ of /, ''));
      }
      seen.progress = [...names];
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
    let last = performance.now();
    const frame = (now: number): void => {
      seen.longest = Math.max(seen.longest, now - last);
      seen.frames += 1;
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

interface Shown {
  readonly row: number;
  readonly state: string;
  readonly reason: string | null;
  readonly raw: { readonly text: string; readonly bytes: number; readonly cut: boolean } | null;
  readonly examples: readonly {
    readonly tokens: number;
    readonly spans: readonly { readonly text: string; readonly trained: boolean }[];
  }[];
}

/** Compares the row viewer with the dropped bytes: the first and last row of every file, and some rows by their text. */
async function everyRowIsShown(
  validated: readonly { readonly id: string; readonly name: string; readonly verdict: string }[],
  all: readonly Dropped[],
): Promise<void> {
  const row = async (id: string, n: number): Promise<Shown> =>
    (await app.request<Shown>('GET', `/datasets/${id}/rows/${String(n)}`)).body;
  for (const entry of validated) {
    if (entry.verdict === 'refused') continue;
    const listed = (
      await app.request<{ rows: { row: number; state: string }[]; total: number }>(
        'GET',
        `/datasets/${entry.id}/rows?limit=5000`,
      )
    ).body;
    expect([entry.name, listed.rows.length]).toEqual([entry.name, listed.total]);
    for (const { row: number } of [listed.rows[0], listed.rows.at(-1)].filter(
      (r) => r !== undefined,
    )) {
      const shown = await row(entry.id, number);
      expect([entry.name, shown.raw === null || shown.raw.text === '']).toEqual([
        entry.name,
        false,
      ]);
      if (entry.verdict === 'ready')
        expect([entry.name, shown.examples.length > 0]).toEqual([entry.name, true]);
    }
  }
  const plain = validated.find((entry) => entry.name === 'question-0.jsonl');
  const text = all.find((dropped) => dropped.name === 'question-0.jsonl')?.bytes.toString() ?? '';
  const lineSeven = text.split('\n')[6] ?? '';
  const { question, answer } = JSON.parse(lineSeven) as { question: string; answer: string };
  const seven = await row(plain?.id ?? '', 7);
  expect(seven.raw).toEqual({ text: lineSeven, bytes: lineSeven.length, cut: false });
  expect(seven.examples.map((example) => example.spans)).toEqual([
    [
      {
        text: `<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n`,
        trained: false,
      },
      { text: `${answer}<|im_end|>`, trained: true },
      { text: '\n', trained: false },
    ],
  ]);
  const table = validated.find((entry) => entry.name === 'table-5.csv');
  // The second record begins at line 4: the first one has a line break in its second field.
  expect((await row(table?.id ?? '', 4)).raw?.text).toMatch(/^".*, quoted",".*\nsecond line"$/);
  expect((await app.request('GET', `/datasets/${table?.id ?? ''}/rows/3`)).status).toBe(404);
  const broken = validated.find((entry) => entry.name === 'broken-line-8.jsonl');
  expect(await row(broken?.id ?? '', 17)).toMatchObject({
    state: 'rejected',
    reason: 'not_json',
    raw: { text: '{"question": "cut off', cut: false },
    examples: [],
  });
}

test(
  'fifty files at once: each gets its progress and verdict, none is lost',
  { timeout: 900_000 },
  async () => {
    await app.configure({ disk: { min_free_gb: 0 }, max_length: 1024 });
    await app.start();
    const { context, page, complaints } = await openWindow(app);
    await app.base('starter');
    await app.post('/training/stop', { now: true, by: 'test' });
    const all = files();
    expect(new Set(all.map((dropped) => dropped.name)).size).toBe(50);
    await watchPage(page);
    const start = Date.now();
    await dropBytes(page, all);
    await page.evaluate(() => {
      location.hash = '#/data';
    });
    const taken = await until(
      'all fifty are there',
      async () => {
        const listed = await app.datasets();
        return all.every((dropped) => listed.some((dataset) => dataset.name === dropped.name))
          ? listed
          : null;
      },
      120,
    );
    const takenSeconds = (Date.now() - start) / 1000;
    expect(taken).toHaveLength(50);
    const validated = await until(
      'all fifty are validated',
      async () => {
        const listed = await app.datasets();
        const open = listed.filter((dataset) =>
          ['waiting', 'validating'].includes(dataset.verdict),
        );
        return open.length === 0 ? listed : null;
      },
      800,
      500,
    );
    const seconds = (Date.now() - start) / 1000;
    expect(validated.map((dataset) => [dataset.name, dataset.verdict]).sort()).toEqual(
      all.map((dropped) => [dropped.name, dropped.expected]).sort(),
    );
    for (const dataset of validated)
      if (dataset.verdict !== 'ready')
        expect([dataset.name, dataset.message]).not.toEqual([dataset.name, null]);
    // The page agrees with the engine and never stopped rendering.
    const needed = all.filter((dropped) => dropped.expected === 'needs_decision').length;
    await page.getByText(`${String(needed)} need your decision`, { exact: false }).waitFor();
    const seen = await page.evaluate(
      () =>
        (window as unknown as { seen: { longest: number; frames: number; progress: string[] } })
          .seen,
    );
    const names = all.map((dropped) => dropped.name);
    // A small file may be taken and validated between two frames: not each bar is seen.
    expect(seen.progress.length).toBeGreaterThan(0);
    expect(names).toEqual(expect.arrayContaining(seen.progress));
    const listed = async (): Promise<readonly string[]> => {
      const text = await page.locator('main').innerText();
      return names.filter((name) => !text.includes(name));
    };
    await expect.poll(listed).toEqual([]);
    expect(complaints).toEqual([]);
    await everyRowIsShown(validated, all);
    const sent = all.reduce((sum, dropped) => sum + dropped.bytes.length, 0);
    process.stdout.write(
      `fifty files, ${String(sent)} bytes: all taken after ${takenSeconds.toFixed(1)} s, all validated after ${seconds.toFixed(1)} s; ` +
        `longest time between two frames ${seen.longest.toFixed(0)} ms, ${String(seen.frames)} frames\n`,
    );
    await context.close();
  },
);
