/** What a pass really took, from what its runs left: step seconds, the highest memory, time without pauses. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { readJson } from '../../kit/files.ts';
import { readLines } from '../../kit/lines.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';

export interface Actual {
  /** Steps, those included that a crash made necessary twice. */
  readonly steps: number;
  readonly seconds: number;
  readonly seconds_per_step: number;
  /** Bytes. */
  readonly memory: number;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function eachLine(
  file: string,
  tell: (line: Readonly<Record<string, unknown>>) => void,
): Promise<void> {
  try {
    for await (const line of readLines(file)) {
      try {
        const value = JSON.parse(line) as unknown;
        if (isRecord(value)) tell(value);
      } catch {
        // A line that a crash cut in two.
      }
    }
  } catch {
    // A file that can't be read counts like one that the run didn't leave.
  }
}

/** The runs of a pass. Run names begin with their time, so what is older than the pass is not opened. */
async function runsOf(paths: WorkspacePaths, pass: string, started: number) {
  const first = new Date((started - 60) * 1000).toISOString().replace(/\D/g, '').slice(0, 8);
  const names = (await readdir(paths.runs).catch(() => []))
    .filter((name) => name.includes('-train-') && name.slice(0, 8) >= first)
    .sort();
  const runs: { folder: string; created: number }[] = [];
  for (const name of names) {
    const folder = paths.run(name);
    const spec = await readJson(path.join(folder, 'spec.json')).catch(() => null);
    if (!isRecord(spec) || !isRecord(spec.pass) || spec.pass.id !== pass) continue;
    runs.push({ folder, created: typeof spec.created === 'number' ? spec.created : started });
  }
  return runs;
}

/** null: no run of it measured a step. */
export async function readActual(
  paths: WorkspacePaths,
  pass: string,
  started: number,
): Promise<Actual | null> {
  let [steps, stepSeconds, seconds, memory] = [0, 0, 0, 0];
  for (const { folder, created } of await runsOf(paths, pass, started)) {
    let last = created;
    const pause: { since: number | null } = { since: null };
    let paused = 0;
    const hear = (t: unknown): number => {
      if (typeof t === 'number') last = Math.max(last, t);
      return typeof t === 'number' ? t : last;
    };
    await eachLine(path.join(folder, 'metrics.jsonl'), (line) => {
      hear(line.t);
      if (typeof line.seconds === 'number') {
        steps += 1;
        stepSeconds += line.seconds;
      }
      if (typeof line.memory_mb === 'number')
        memory = Math.max(memory, line.memory_mb * 1024 * 1024);
    });
    await eachLine(path.join(folder, 'events.jsonl'), ({ type, t }) => {
      const at = hear(t);
      if (type === 'paused') pause.since = at;
      if (type === 'unpaused' && pause.since !== null) {
        paused += at - pause.since;
        pause.since = null;
      }
    });
    if (pause.since !== null) paused += last - pause.since;
    seconds += Math.max(0, last - created - paused);
  }
  if (steps === 0) return null;
  return { steps, seconds, seconds_per_step: stepSeconds / steps, memory };
}
