/** Reads the test reports: JSON from vitest, JUnit XML from pytest. */
import { existsSync, readFileSync } from 'node:fs';

/**
 * `{ passed, failed, skipped }` of a vitest JSON report. A test file that failed to load counts as
 * one failure.
 */
export function countVitest(report) {
  const unloadable = report.testResults.filter(
    (file) =>
      file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloadable,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  };
}

/** Names of the tests that failed and passed when they were run again. */
export const unstableTests = (report) =>
  report.testResults.flatMap((file) =>
    file.assertionResults
      .filter((test) => test.status === 'passed' && test.failureMessages.length > 0)
      .map((test) => ({
        name: test.fullName,
        why: test.failureMessages[0].split('\n', 1)[0],
      })),
  );

/** `{ passed, failed, skipped }` of a JUnit file. */
export function countJunit(text) {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const match of text.matchAll(/<testsuite\b([^>]*)>/g)) {
    const number = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(match[1])?.[1] ?? 0);
    failed += number('failures') + number('errors');
    skipped += number('skipped');
    passed += number('tests') - number('failures') - number('errors') - number('skipped');
  }
  return { passed, failed, skipped };
}

const NO_REPORT = { passed: 0, failed: 1, skipped: 0, unstable: [] };

/** Counts of a finished part. A part without a report or without tests counts as failed. */
export function readCounts(kind, path, code) {
  if (!existsSync(path)) return NO_REPORT;
  const text = readFileSync(path, 'utf8');
  const report = kind === 'vitest' ? JSON.parse(text) : null;
  const counts =
    report === null
      ? { ...countJunit(text), unstable: [] }
      : { ...countVitest(report), unstable: unstableTests(report) };
  if (counts.passed + counts.failed === 0) return { ...counts, failed: 1 };
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

export function summaryTable(rows) {
  const lines = [['part', 'passed', 'failed', 'skipped', 'seconds']];
  for (const row of rows)
    lines.push([
      row.name,
      String(row.passed),
      String(row.failed),
      String(row.skipped),
      row.seconds.toFixed(1),
    ]);
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]),
        )
        .join('  '),
    )
    .join('\n');
}

/** The last line of the output, which CI parses. */
export function lastLine(rows) {
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  return `${sum('passed')} passed, ${sum('failed')} failed`;
}
