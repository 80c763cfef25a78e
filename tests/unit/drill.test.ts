/** The drill of the window: one child process whose lines become results. */
import { expect, test } from 'vitest';
import { reportText, resultText } from '../../src-main/cli/drill/report.ts';
import { layOutTables } from '../../src-main/cli/output/table.ts';
import type { DrillReport, DrillResult } from '../../src-main/contract/index.ts';
import { createDrill } from '../../src-main/engine/drill/index.ts';
import { systemClock } from '../../src-main/kit/clock.ts';

const passed: DrillResult = { id: 'kill-trainer', outcome: 'passed', seconds: 5, text: 'Done.' };
const report = (isPassed: boolean): DrillReport => ({
  ...{ format: 1, passed: isPassed, seconds: 60 },
  exercises: [passed],
});
const running = (script: string) =>
  createDrill({ clock: systemClock, command: [process.execPath, '-e', script] });
const print = (...values: readonly unknown[]): string =>
  values.map((value) => `console.log(${JSON.stringify(JSON.stringify(value))});`).join('');

test('results appear one by one, and the report ends the drill', async () => {
  const drill = running(print(passed, report(true)));
  expect(drill.state()).toMatchObject({ state: 'none', started: null });
  expect(drill.start()).toMatchObject({ state: 'running', exercises: [] });
  expect(() => drill.start()).toThrow('already running');
  await expect.poll(() => drill.state().state).toBe('passed');
  expect(drill.state()).toMatchObject({ exercises: [passed], message: null });
});

test('a drill that fails or breaks says so', async () => {
  const failing = running(print(passed, report(false)));
  failing.start();
  await expect.poll(() => failing.state().state).toBe('failed');
  const broken = running(`console.error('no room'); process.exit(3)`);
  broken.start();
  await expect.poll(() => broken.state()).toMatchObject({ state: 'failed', message: 'no room' });
});

test('a canceled drill is ended, and another one can start', async () => {
  const drill = running(`${print(passed)} setInterval(() => 0, 1000)`);
  drill.start();
  await expect.poll(() => drill.state().exercises).toHaveLength(1);
  expect(await drill.cancel()).toMatchObject({ state: 'canceled', exercises: [passed] });
  expect(drill.start().state).toBe('running');
  drill.close();
  await expect.poll(() => drill.state().state).not.toBe('running');
});

test('the report counts what passed and what could not run', () => {
  const skipped: DrillResult = { ...passed, id: 'full-disk', outcome: 'skipped' };
  const text = { ...report(true), exercises: [passed, skipped] };
  expect(reportText(text)).toMatch(/1 exercise passed, 1 not run here, in /);
  expect(reportText({ ...text, passed: false })).toContain('1 failed');
  expect(layOutTables(resultText(passed), null)).toContain('Done.');
});
