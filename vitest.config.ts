/** One project for each kind of test, so that `npm test` can run and count them apart. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const project = (name: string, seconds: number, parallel: boolean, workers?: number) => ({
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
    ...(workers === undefined ? {} : { maxWorkers: workers }),
    pool: 'forks' as const,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 20, true),
      project('contract', 30, true),
      project('engine', 240, false),
      project('incidents', 900, false),
      // Pages of a scripted engine mostly wait: two browsers share the cores.
      project('ui', 120, true, 2),
      project('desktop', 240, false),
    ],
  },
});
