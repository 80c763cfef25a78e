/** Starts the command line's drill as a child process and reads its results, one line of JSON each. */
import path from 'node:path';
import { execa } from 'execa';
import { type DrillState, drillReport, drillResult, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';

export interface DrillRoom {
  state(): DrillState;
  /** Refusal BUSY while one runs. */
  start(): DrillState;
  cancel(): Promise<DrillState>;
  /** Tells a drill that runs to end its engine and its trainer. */
  close(): void;
}

interface DrillOptions {
  readonly clock: Clock;
  /** The program that is started; tests give another one. */
  readonly command?: readonly [string, ...string[]];
}

const cliEntry = path.join(import.meta.dirname, '..', 'cli', 'cli.mjs');
/** It ends its own engine and trainer first. */
const CANCEL_SECONDS = 30;
const SHOWN_CHARACTERS = 1000;

function launch([program, ...args]: readonly [string, ...string[]]) {
  return execa(program, args, {
    reject: false,
    stdin: 'ignore',
    forceKillAfterDelay: CANCEL_SECONDS * 1000,
  });
}
type Child = ReturnType<typeof launch>;

const NONE: DrillState = { state: 'none', started: null, exercises: [], message: null };

export function createDrill(options: DrillOptions): DrillRoom {
  let current = NONE;
  let running: { readonly child: Child; readonly ended: Promise<void> } | null = null;

  /** A result, or at the end the report, which repeats them. */
  const read = (line: string): void => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return;
    }
    const result = drillResult.safeParse(value);
    if (result.success) current = { ...current, exercises: [...current.exercises, result.data] };
    const report = drillReport.safeParse(value);
    if (report.success) current = { ...current, state: report.data.passed ? 'passed' : 'failed' };
  };

  const follow = async (child: Child): Promise<void> => {
    try {
      for await (const line of child.iterable({ from: 'stdout' })) read(line);
    } catch {
      // The stream ended with the process; the result below says how.
    }
    const { stderr, exitCode, isCanceled } = await child;
    running = null;
    if (current.state !== 'running') return;
    const message = stderr.trim().slice(-SHOWN_CHARACTERS);
    current = {
      ...current,
      state: isCanceled ? 'canceled' : 'failed',
      message: isCanceled ? null : message || `The drill ended with exit code ${String(exitCode)}.`,
    };
  };

  return {
    state: () => current,
    start() {
      if (running !== null)
        throw new Refusal('BUSY', 'A drill is already running.', { subject: 'drill' });
      current = { ...NONE, state: 'running', started: options.clock.now() };
      const child = launch(options.command ?? [process.execPath, cliEntry, 'drill', '--json']);
      running = { child, ended: follow(child) };
      return current;
    },
    async cancel() {
      if (running !== null) {
        current = { ...current, state: 'canceled' };
        // The drill then ends its engine and its trainer.
        running.child.kill();
        await running.ended;
      }
      return current;
    },
    close() {
      running?.child.kill();
    },
  };
}
