/** One project for each kind of test, so that `npm test` can run and count them apart. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

interface Options {
  readonly parallel: boolean;
  readonly workers?: number;
  /** Of real processes: on a busy machine a test may lose a race that is the test's own. */
  readonly real?: boolean;
}

const project = (name: string, seconds: number, { parallel, workers, real }: Options) => ({
  plugins: [react()],
  test: {
    name,
    include: [`tests/${name}/**/*.test.{ts,tsx,mjs}`],
    environment: 'node',
    testTimeout: seconds * 1000,
    hookTimeout: seconds * 1000,
    // A page on two busy cores answers late; a poll ends as soon as it holds.
    expect: { poll: { timeout: 10_000 } },
    // A real trainer, browser or Electron has the machine to itself.
    fileParallelism: parallel,
    // Run again once; `npm test` names each test that needed it.
    retry: real === true ? 1 : 0,
    ...(workers === undefined ? {} : { maxWorkers: workers }),
    pool: 'forks' as const,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 20, { parallel: true }),
      project('contract', 30, { parallel: true }),
      project('engine', 240, { parallel: false, real: true }),
      project('incidents', 900, { parallel: false, real: true }),
      // Pages of a scripted engine mostly wait: two browsers share the cores.
      project('ui', 120, { parallel: true, workers: 2, real: true }),
      project('desktop', 240, { parallel: false, real: true }),
    ],
  },
});
