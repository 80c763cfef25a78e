/**
 * A scripted test double of the engine, held to the contract by its types: every procedure answers, commands change the rooms as
 * the real engine's do, and a test can play scenes, make news and ask for refusals. It trains nothing and touches no file.
 */
import {
  Refusal,
  type Change,
  type MetricsNews,
  type Rooms,
} from '../../src-main/contract/index.ts';
import type { EngineApi } from '../../src-main/server/index.ts';
import { scriptedCommands } from './scripted-commands.ts';
import { evaluationAt, pointAt } from './scripted-curves.ts';
import type { RestoreScript } from './scripted-restore.ts';
import { PASS_FIRST_STEP, roomsOf, type Scene } from './scripted-scenes.ts';

/** What the commands may do with the stage. */
export interface Stage {
  readonly now: () => number;
  readonly rooms: () => Rooms;
  readonly step: () => number;
  change(rooms: Partial<Rooms>, metrics?: MetricsNews | null): void;
}

export interface ScriptedEngine {
  readonly door: EngineApi;
  readonly rooms: () => Rooms;
  /** What was asked, in order; the feed is not listed. */
  readonly calls: readonly { readonly path: string; readonly input: unknown }[];
  /** Replaces rooms and tells every client. */
  change(rooms: Partial<Rooms>, metrics?: MetricsNews | null): void;
  /** Begins another scene; clients get every room anew. */
  play(scene: Scene): void;
  /** Trains so many steps at once: points, status, and an evaluation every 200 steps. */
  advance(steps: number): void;
  /** The next call of a procedure, `queue.add`, is refused. */
  refuseNext(path: string, refusal: Refusal): void;
  /** How the next restores go. */
  readonly restores: RestoreScript;
  /** The next `revision` is left out, as if a change had been lost. */
  loseOneChange(): void;
}

const KEPT = 500;

export function createScriptedEngine(options: {
  readonly now: () => number;
  readonly scene: Scene;
  readonly port: () => number;
}): ScriptedEngine {
  const { now } = options;
  let rooms = roomsOf(options.scene, now(), 0);
  let revision = 1;
  const history: Change[] = [];
  const listeners = new Set<(change: Change) => void>();
  const calls: { path: string; input: unknown }[] = [];
  const refusing = new Map<string, Refusal>();

  const change = (next: Partial<Rooms>, metrics: MetricsNews | null = null): void => {
    rooms = { ...rooms, ...next };
    revision += 1;
    const news: Change = { revision, rooms: next, metrics };
    history.push(news);
    if (history.length > KEPT) history.shift();
    for (const listener of listeners) listener(news);
  };

  const advance = (steps: number): void => {
    const first = (rooms.status.current_step ?? 0) + 1;
    const t = now();
    const points = Array.from({ length: steps }, (_, i) => pointAt(first + i, t));
    const last = first + steps - 1;
    const point = points[points.length - 1];
    if (point === undefined) return;
    const evaluated = points
      .filter((point) => point.step % 200 === 0)
      .map((point) => evaluationAt(point.step, t));
    const measure = (value: number) => ({ value, step: last, t });
    const evaluation = evaluated[evaluated.length - 1];
    change(
      {
        status: {
          ...rooms.status,
          current_step: last,
          step_of_dataset: last - PASS_FIRST_STEP + 1,
          loss: measure(point.loss),
          loss_smoothed: measure(point.loss + 0.01),
          learning_rate: measure(point.lr),
          grad_norm: measure(point.grad_norm),
          tokens_per_second: measure(point.tokens_per_second),
          ...(evaluation === undefined
            ? {}
            : { validation_loss: { value: evaluation.core_loss ?? 0, step: evaluation.step, t } }),
          updated_at: t,
        },
        datasets: rooms.datasets.map((dataset) =>
          dataset.place === 'processing'
            ? { ...dataset, done_steps: last - PASS_FIRST_STEP + 1 }
            : dataset,
        ),
      },
      { branch: rooms.lineage.head, reset: false, points, evaluations: evaluated, markers: [] },
    );
  };

  const restores: RestoreScript = { pace: 20, failsAt: null, freeBytes: 212_400_000_000 };
  const stage: Stage = {
    now,
    rooms: () => rooms,
    step: () => rooms.status.current_step ?? 0,
    change,
  };
  const door: EngineApi = {
    ...recorded(scriptedCommands(stage, restores), calls, refusing),
    feed: {
      snapshot: () => ({
        revision,
        rooms: { ...rooms, engine: { ...rooms.engine, port: options.port() } },
      }),
      subscribe: (since, listener) => {
        const oldest = history[0]?.revision ?? revision + 1;
        if (since < oldest - 1 || since > revision)
          throw new Refusal('NOT_READY', `The changes after ${String(since)} are not kept.`, {
            next: 'Take a new snapshot.',
          });
        for (const entry of history) if (entry.revision > since) listener(entry);
        listeners.add(listener);
        return () => {
          listeners.delete(listener);
        };
      },
    },
  };

  return {
    door,
    rooms: () => rooms,
    calls,
    change,
    play: (scene) => {
      change(roomsOf(scene, now(), options.port()), {
        branch: rooms.lineage.head,
        reset: true,
        points: [],
        evaluations: [],
        markers: [],
      });
    },
    advance,
    restores,
    refuseNext: (path, refusal) => {
      refusing.set(path, refusal);
    },
    loseOneChange: () => {
      revision += 1;
    },
  };
}

type Functions = Readonly<Record<string, unknown>>;

/** Writes down every call and refuses where the test asked for it. */
function recorded<T extends object>(
  functions: T,
  calls: { path: string; input: unknown }[],
  refusing: Map<string, Refusal>,
  prefix = '',
): T {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(functions as Functions)) {
    const path = `${prefix}${name}`;
    if (typeof value !== 'function') {
      out[name] = recorded(value as object, calls, refusing, `${path}.`);
      continue;
    }
    out[name] = (input: unknown): unknown => {
      calls.push({ path, input });
      const refusal = refusing.get(path);
      refusing.delete(path);
      if (refusal !== undefined) throw refusal;
      return (value as (input: unknown) => unknown)(input);
    };
  }
  return out as T;
}
