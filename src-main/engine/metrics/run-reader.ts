/** Reads the files of the training runs, oldest run first, and follows the newest one as it grows. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isObject, parseJson } from '../../formats/index.ts';
import { readJson } from '../../kit/files.ts';
import { Tail } from '../../kit/tail.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Added, History } from './history.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

/** Parsed between two turns of the event loop: about a millisecond, so that clients hardly wait. */
const BYTES_PER_READ = 1 << 16;
/** With more new points than this a client requests the curve again instead of appending. */
const MAX_NEW_POINTS = 2000;

interface FollowedRun {
  readonly run: string;
  readonly metrics: Tail;
  readonly events: Tail;
}

interface RunSpec {
  readonly dataset?: { readonly name?: string };
  readonly pass?: { readonly id?: string };
  readonly lineage?: { readonly branch?: string };
  readonly created?: number;
}

export class RunReader {
  private readonly paths: WorkspacePaths;
  private readonly now: () => number;
  /** What was read. */
  history: History;
  private readonly known = new Set<string>();
  private followed: FollowedRun | null = null;
  private reading: Promise<Added> | null = null;

  constructor(paths: WorkspacePaths, history: History, now: () => number) {
    this.paths = paths;
    this.history = history;
    this.now = now;
  }

  get isReading(): boolean {
    return this.reading !== null;
  }

  /**
   * Adds what is new to the history. One reader at a time: two that continue from the same offset would
   * count lines twice.
   */
  read(isFirst = false): Promise<Added> {
    this.reading ??= this.readAll(isFirst).finally(() => {
      this.reading = null;
    });
    return this.reading;
  }

  /** Reads all runs again into another history. */
  async restart(history: History): Promise<void> {
    await this.reading;
    this.history = history;
    this.known.clear();
    this.followed = null;
    await this.read(true);
  }

  private async readAll(isFirst: boolean): Promise<Added> {
    const added: Added = {
      reset: isFirst,
      previewed: false,
      points: [],
      evaluations: [],
      markers: [],
    };
    await this.readFollowed(added);
    const runs = (await readdir(this.paths.runs).catch(unlessTemporary([])))
      .filter((name) => name.includes('-train-') && !this.known.has(name))
      .sort();
    for (const run of runs) {
      this.known.add(run);
      await this.open(run);
      await this.readFollowed(added);
    }
    return added;
  }

  private async open(run: string): Promise<void> {
    const folder = this.paths.run(run);
    const spec = (await this.readRunJson(run, 'spec.json')) as RunSpec | null;
    const previous = this.history.spans.at(-1);
    const hasCrashed =
      previous !== undefined && (await this.readRunJson(previous.run, 'exit.json')) === null;
    this.history.open(
      run,
      {
        branch: spec?.lineage?.branch ?? 'main',
        dataset: spec?.dataset?.name ?? '',
        pass: spec?.pass?.id ?? '',
      },
      spec?.created ?? this.now(),
      hasCrashed,
    );
    this.followed = {
      run,
      metrics: new Tail(path.join(folder, 'metrics.jsonl')),
      events: new Tail(path.join(folder, 'events.jsonl')),
    };
  }

  private readRunJson(run: string, name: string): Promise<unknown> {
    return readJson(path.join(this.paths.run(run), name)).catch(unlessTemporary(null));
  }

  /** First where the run resumed, then its points, then its other events: an evaluation belongs after its point. */
  private async readFollowed(added: Added): Promise<void> {
    if (this.followed === null) return;
    const { metrics } = this.followed;
    const events = await readEvents(this.followed.events);
    for (const event of events) if (event['type'] === 'resumed') this.history.event(event, added);
    for (;;) {
      const lines = await metrics.read(BYTES_PER_READ);
      if (lines.length === 0) break;
      for (const line of lines) this.history.metric(line, added);
      if (added.points.length > MAX_NEW_POINTS) {
        added.points.length = 0;
        added.reset = true;
      }
    }
    for (const event of events) if (event['type'] !== 'resumed') this.history.event(event, added);
  }
}

async function readEvents(tail: Tail): Promise<Record<string, unknown>[]> {
  const events: Record<string, unknown>[] = [];
  for (;;) {
    const lines = await tail.read(BYTES_PER_READ);
    if (lines.length === 0) return events;
    for (const line of lines) {
      const json = parseJson(line);
      if (json.ok && isObject(json.value)) events.push(json.value);
    }
  }
}
