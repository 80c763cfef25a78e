/** The drill that a user runs, as the program itself: every fault is survived, and the report says so. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

const repository = path.resolve(import.meta.dirname, '../..');

interface Result {
  readonly id: string;
  readonly outcome: string;
  readonly text: string;
}

test('nightshift drill: kills, a hang, a full disk, damage and a restore', async () => {
  const child = spawn(
    process.execPath,
    [path.join(repository, 'out/cli/cli.mjs'), 'drill', '--json'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  const lines = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  const report = lines.at(-1) as { passed: boolean; seconds: number; exercises: Result[] };
  expect([code, errors, report]).toMatchObject([0, '', { passed: true }]);
  expect(report.exercises).toEqual(lines.slice(0, -1));
  expect(report.exercises.map(({ id }) => id)).toEqual([
    'kill-trainer',
    'kill-engine',
    'full-disk',
    'damaged-checkpoint',
    'restore',
    'hang-trainer',
    'account',
  ]);
  const skipped = report.exercises.filter(({ outcome }) => outcome === 'skipped');
  expect(skipped.map(({ id }) => id).filter((id) => id !== 'full-disk')).toEqual([]);
  process.stdout.write(
    `drill in ${report.seconds.toFixed(0)} s: ${report.exercises.map(({ text }) => text).join(' ')}\n`,
  );
}, 600_000);
