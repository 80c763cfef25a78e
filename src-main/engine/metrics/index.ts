/**
 * Metrics: the curves of the line that leads to the head, evaluations, previews and the strip, read from what the runs wrote.
 * Promises: what is shown is what the runs measured, without the steps that were lost; the same after a restart as before.
 * Never: smooths away a raw value, invents a point, writes a file.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type {
  Activity,
  BranchValidation,
  CurveKey,
  Curves,
  EvaluationPoint,
  JournalEntry,
  AncestrySegment,
  Marker,
  MetricPoint,
  MetricsNews,
  Preview,
} from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import { readJson } from '../../kit/files.ts';
import { Tail } from '../../kit/tail.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import type { Journal } from '../journal/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { decideActivity } from './activity.ts';
import { type Added, History } from './history.ts';
import type { Exact } from './parse.ts';
import { lastOfEach } from './points.ts';

const secondsBetweenLooks = 0.25;
/** While no trainer is alive: after so many looks in vain only each eighth is taken. */
const looksInVainAtOnce = 16;
const rareLook = 8;
/** Steps over which the speed is measured. */
const speedWindow = 50;
/** Lines of the journal that are looked through at the start. */
const journalRead = 20_000;
const shownSmoothing = 0.6;
/** What is parsed between two turns of the event loop, bytes: a millisecond's work, so that the start and clients hardly wait. */
const pieceBytes = 1 << 16;
/** Seconds that the start waits for the history; a long one is read on behind the open door. */
const patience = 0.3;
/** More new points than this are not told one by one: who draws them asks anew. */
const mostTold = 2000;

export interface CurvesInput {
  readonly keys: readonly CurveKey[];
  readonly from: number | null;
  readonly to: number | null;
  readonly buckets: number;
  readonly smoothing: number;
}

export interface Latest {
  readonly point: MetricPoint | null;
  readonly smoothed: number | null;
  readonly evaluation: EvaluationPoint | null;
  readonly exact: Exact | null;
  readonly checkpointStep: number | null;
  readonly monitoringPercent: number | null;
  readonly microBatch: number | null;
  readonly epoch: number | null;
  readonly samplesPerSecond: number | null;
}

export interface MetricsRoom {
  curves(input: CurvesInput): Curves;
  /** The evaluations of every branch. */
  validation(): readonly BranchValidation[];
  activity(hours: number): Promise<Activity>;
  /** Newest first. */
  previews(limit: number): readonly Preview[];
  latest(): Latest;
  speed(): { readonly stepsPerSecond: number | null };
  /** Resolves when everything that lay in the files at the start has been read. */
  readonly settled: Promise<void>;
  mark(marker: Marker): void;
  /** Reads the runs again after the line became another one. */
  follow(): Promise<void>;
  readonly news: Emitter<MetricsNews>;
  close(): void;
}

interface Followed {
  readonly run: string;
  readonly metrics: Tail;
  readonly events: Tail;
}

export async function createMetrics(options: {
  readonly paths: WorkspacePaths;
  readonly trainer: TrainerRoom;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly ancestry: () => readonly AncestrySegment[];
  /** Markers that no run file has, the versions of the ancestry; read again with the history. */
  readonly versionMarkers?: () => readonly Marker[];
}): Promise<MetricsRoom> {
  let history = new History(options.ancestry());
  const news = new Emitter<MetricsNews>();
  let known = new Set<string>();
  let followed: Followed | null = null;
  let reading: Promise<Added> | null = null;
  const branchNow = (): string => options.ancestry().at(-1)?.branch ?? 'main';

  async function open(run: string): Promise<void> {
    const folder = options.paths.run(run);
    const spec = (await readJson(path.join(folder, 'spec.json')).catch(() => null)) as {
      dataset?: { name?: string };
      lineage?: { branch?: string };
      created?: number;
    } | null;
    const before = history.spans.at(-1);
    const crashed =
      before !== undefined &&
      (await readJson(path.join(options.paths.run(before.run), 'exit.json')).catch(() => null)) ===
        null;
    history.open(
      run,
      spec?.lineage?.branch ?? 'main',
      spec?.dataset?.name ?? '',
      spec?.created ?? options.clock.now(),
      crashed,
    );
    followed = {
      run,
      metrics: new Tail(path.join(folder, 'metrics.jsonl')),
      events: new Tail(path.join(folder, 'events.jsonl')),
    };
  }

  async function readFollowed(added: Added): Promise<void> {
    if (followed === null) return;
    const events: Record<string, unknown>[] = [];
    for (;;) {
      const lines = await followed.events.read(pieceBytes);
      if (lines.length === 0) break;
      for (const line of lines)
        try {
          events.push(JSON.parse(line) as Record<string, unknown>);
        } catch {
          // A line that a crash cut in two.
        }
    }
    // Where the run began, then its points, then the rest: an evaluation of step n belongs behind point n.
    for (const event of events) if (event.type === 'resumed') history.event(event, added);
    for (;;) {
      const lines = await followed.metrics.read(pieceBytes);
      if (lines.length === 0) break;
      for (const line of lines) history.metric(line, added);
      if (added.points.length > mostTold) {
        added.points.length = 0;
        added.reset = true;
      }
    }
    for (const event of events) if (event.type !== 'resumed') history.event(event, added);
  }

  async function readAll(isFirst: boolean): Promise<Added> {
    const added: Added = {
      reset: isFirst,
      previewed: false,
      points: [],
      evaluations: [],
      markers: [],
    };
    await readFollowed(added);
    const runs = (await readdir(options.paths.runs).catch(() => []))
      .filter((name) => name.includes('-train-') && !known.has(name))
      .sort();
    for (const run of runs) {
      known.add(run);
      await open(run);
      await readFollowed(added);
    }
    return added;
  }
  /** One reader at a time: two that read on from the same place would count twice. */
  function read(isFirst = false): Promise<Added> {
    reading ??= readAll(isFirst).finally(() => {
      reading = null;
    });
    return reading;
  }

  /** The hours that nobody was awake, from the line that the trainer room wrote about them. */
  function slept(entry: JournalEntry): Marker | null {
    const { from, until } = entry.evidence;
    if (entry.what !== 'trainer.asleep' || typeof from !== 'number' || typeof until !== 'number')
      return null;
    const marker: Marker = {
      kind: 'asleep',
      step: entry.step ?? 0,
      t: from,
      until,
      label: 'asleep',
    };
    history.asleep.push({ from, to: until });
    history.markers.push(marker);
    return marker;
  }
  const tell = (added: Omit<MetricsNews, 'branch'>): void => {
    news.emit({ branch: branchNow(), ...added });
  };

  // A history that cannot be read keeps no engine from starting; the next look says why.
  const settled = read(true).then(
    () => undefined,
    () => undefined,
  );
  const stopWaiting = new Promise<'late'>((resolve) => {
    options.clock.after(patience, () => {
      resolve('late');
    });
  });
  let isSettled = (await Promise.race([settled, stopWaiting])) !== 'late';
  if (!isSettled)
    void settled.then(() => {
      isSettled = true;
      tell({ reset: true, points: [], evaluations: [], markers: [] });
    });
  for (const entry of await options.journal.read(journalRead)) slept(entry);
  history.markers.push(...(options.versionMarkers?.() ?? []));
  const stopListening = options.journal.written.on((entry) => {
    const marker = slept(entry);
    if (marker !== null) tell({ reset: false, points: [], evaluations: [], markers: [marker] });
  });
  let looksInVain = 0;
  const stop = options.clock.every(secondsBetweenLooks, async () => {
    if (reading !== null) return;
    // Nobody writes: one look in eight is enough, after a few more for what a trainer wrote last.
    if (options.trainer.view().alive) looksInVain = 0;
    else if (looksInVain > looksInVainAtOnce && looksInVain % rareLook !== 0) {
      looksInVain += 1;
      return;
    }
    const added = await read();
    const { reset, previewed, points, evaluations, markers } = added;
    if (reset || previewed || points.length + evaluations.length + markers.length > 0) {
      looksInVain = 0;
      tell({ reset, points, evaluations, markers });
    } else looksInVain += 1;
  });

  return {
    curves({ keys, from, to, buckets, smoothing }) {
      const { points } = history;
      const start = from === null ? 0 : points.indexOf(from);
      const end = to === null ? points.length : points.indexOf(to + 1);
      const first = points.at(start)?.step ?? 0;
      const last = points.at(end - 1)?.step ?? first;
      const inside = (entry: { readonly step: number }): boolean =>
        (from === null || entry.step >= from) && (to === null || entry.step <= to);
      const width = (last - first + 1) / buckets;
      const checkpoints = history.markers.filter(
        (marker) => marker.kind === 'checkpoint' && inside(marker),
      );
      const kept = new Set(lastOfEach(checkpoints, first, width));
      return {
        branch: branchNow(),
        from: first,
        to: last,
        bucket_steps: Math.max(1, Math.ceil((end - start) / buckets)),
        curves: Object.fromEntries(
          keys.map((key) => [key, points.buckets(key, start, end, buckets)]),
        ),
        smoothed: points.smoothed(smoothing, start, end, buckets),
        evaluations: lastOfEach(history.evaluations.filter(inside), first, width),
        markers: history.markers.filter(
          (marker) => inside(marker) && (marker.kind !== 'checkpoint' || kept.has(marker)),
        ),
      };
    },
    validation: () =>
      [...history.validation].map(([branch, evaluations]) => ({ branch, evaluations })),
    activity: (hours) =>
      Promise.resolve(
        decideActivity(
          history,
          options.trainer.view().alive ? options.trainer.view().run : null,
          options.clock.now() - hours * 3600,
          options.clock.now(),
        ),
      ),
    previews: (limit) => history.previews.slice(0, limit),
    latest: () => ({
      point: history.points.last,
      smoothed:
        history.points.smoothed(
          shownSmoothing,
          history.points.length - 1,
          history.points.length,
          1,
        )[0]?.[1] ?? null,
      evaluation: history.evaluations.at(-1) ?? null,
      exact: history.exact,
      checkpointStep: history.checkpointStep,
      monitoringPercent: history.monitoringPercent,
      microBatch: history.microBatch,
      epoch: history.epoch,
      samplesPerSecond: history.samplesPerSecond,
    }),
    speed() {
      const { points } = history;
      // A run of last week has a speed too; it is not that of this one.
      if (!isSettled) return { stepsPerSecond: null };
      const since = history.spans.at(-1)?.from ?? 0;
      let start = Math.max(0, points.length - speedWindow);
      while (start < points.length && (points.at(start)?.t ?? 0) < since) start += 1;
      const [first, last] = [points.at(start), points.last];
      if (first === null || last === null || points.length - start < 5)
        return { stepsPerSecond: null };
      return {
        stepsPerSecond: last.t > first.t ? (last.step - first.step) / (last.t - first.t) : null,
      };
    },
    mark(marker) {
      history.markers.push(marker);
      tell({ reset: false, points: [], evaluations: [], markers: [marker] });
    },
    async follow() {
      await reading;
      history = new History(options.ancestry());
      known = new Set();
      followed = null;
      await read(true);
      for (const entry of await options.journal.read(journalRead)) slept(entry);
      history.markers.push(...(options.versionMarkers?.() ?? []));
      tell({ reset: true, points: [], evaluations: [], markers: [] });
    },
    settled,
    news,
    close() {
      stop();
      stopListening();
    },
  };
}
