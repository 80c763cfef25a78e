/** What a pass took, from the files of its runs: seconds per step, peak memory, time without pauses. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isObject, isTrainRun, parseJson } from '../../formats/index.ts';
import { readJson } from '../../kit/files.ts';
import { readLines } from '../../kit/lines.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

export interface Actual {
  /** Each step of the pass once. */
  readonly steps: number;
  /** Steps that were trained again because a crash came before their checkpoint. */
  readonly repeated_steps: number;
  readonly seconds: number;
  readonly seconds_per_step: number;
  /** Bytes. */
  readonly memory: number;
}

async function forEachRecord(
  file: string,
  onRecord: (line: Readonly<Record<string, unknown>>) => void,
): Promise<void> {
  try {
    for await (const line of readLines(file)) {
      const json = parseJson(line);
      if (json.ok && isObject(json.value)) onRecord(json.value);
    }
  } catch {
    // A file that can't be read counts as empty.
  }
}

/** The runs of a pass. Run names start with their date, so older runs are not opened. */
async function runsOf(paths: WorkspacePaths, pass: string, started: number) {
  const first = new Date((started - 60) * 1000).toISOString().replace(/\D/g, '').slice(0, 8);
  const names = (await readdir(paths.runs).catch(unlessTemporary([])))
    .filter((name) => isTrainRun(name) && name.slice(0, 8) >= first)
    .sort();
  const runs: { folder: string; created: number }[] = [];
  for (const name of names) {
    const folder = paths.run(name);
    const spec = await readJson(path.join(folder, 'spec.json')).catch(unlessTemporary(null));
    if (!isObject(spec) || !isObject(spec.pass) || spec.pass.id !== pass) continue;
    runs.push({ folder, created: typeof spec.created === 'number' ? spec.created : started });
  }
  return runs;
}

/** null when no step was measured. */
export async function readActual(
  paths: WorkspacePaths,
  pass: string,
  started: number,
): Promise<Actual | null> {
  const steps = new Set<number>();
  let [measured, stepSeconds, seconds, memory] = [0, 0, 0, 0];
  for (const { folder, created } of await runsOf(paths, pass, started)) {
    let last = created;
    const pause: { since: number | null } = { since: null };
    let paused = 0;
    const timeOf = (t: unknown): number => {
      if (typeof t === 'number') last = Math.max(last, t);
      return typeof t === 'number' ? t : last;
    };
    await forEachRecord(path.join(folder, 'metrics.jsonl'), (line) => {
      timeOf(line.t);
      if (typeof line.seconds === 'number') {
        measured += 1;
        stepSeconds += line.seconds;
        if (typeof line.step === 'number') steps.add(line.step);
      }
      if (typeof line.memory_mb === 'number')
        memory = Math.max(memory, line.memory_mb * 1024 * 1024);
    });
    await forEachRecord(path.join(folder, 'events.jsonl'), ({ type, t }) => {
      const at = timeOf(t);
      if (type === 'paused') pause.since = at;
      if (type === 'unpaused' && pause.since !== null) {
        paused += at - pause.since;
        pause.since = null;
      }
    });
    if (pause.since !== null) paused += last - pause.since;
    seconds += Math.max(0, last - created - paused);
  }
  if (measured === 0) return null;
  return {
    steps: steps.size,
    repeated_steps: measured - steps.size,
    seconds,
    seconds_per_step: stepSeconds / measured,
    memory,
  };
}
