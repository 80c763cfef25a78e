/**
 * A scripted test double of the engine: the generated procedures of the contract, the scenes, and the
 * answers that tests rely on beyond them. It trains nothing and touches no file.
 */
import {
  change as changeSchema,
  Refusal,
  type Change,
  type Rooms,
} from '../../src-main/contract/index.ts';
import type { EngineApi } from '../../src-main/server/index.ts';
import { answersOf } from './answers/index.ts';
import { evaluationAt, pointAt } from './answers/curves.ts';
import { complete } from './complete.ts';
import { contractDoor } from './contract-door.ts';
import { PASS_FIRST_STEP } from './scenes/datasets.ts';
import { roomsOf, type Scene } from './scenes/index.ts';
import type { RestoreScript, Stage } from './stage.ts';

const CHANGES_KEPT = 500;

/** The rooms, and every change of them for the clients. */
function createFeed(first: Rooms) {
  let rooms = first;
  let revision = 1;
  const history: Change[] = [];
  const listeners = new Set<(change: Change) => void>();
  const change: Stage['change'] = (next, metrics = null) => {
    const news = { revision: revision + 1, rooms: next, metrics };
    const valid = complete(changeSchema, news, 'change');
    revision += 1;
    rooms = { ...rooms, ...(valid.rooms as Rooms) };
    history.push(valid);
    if (history.length > CHANGES_KEPT) history.shift();
    for (const listener of listeners) listener(valid);
  };
  const subscribe: EngineApi['feed']['subscribe'] = (since, listener) => {
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
  };
  return {
    rooms: () => rooms,
    change,
    subscribe,
    snapshot: () => ({ revision, rooms }),
    /** The next `revision` is left out, as if a change had been lost. */
    loseOneChange: () => {
      revision += 1;
    },
  };
}

function createStage(feed: ReturnType<typeof createFeed>, now: () => number): Stage {
  const find: Stage['find'] = (room, id) => {
    const idOf = (item: { id: string } | { name: string }) => ('id' in item ? item.id : item.name);
    const found = feed.rooms()[room].find((item) => idOf(item) === id);
    if (found !== undefined) return found;
    throw new Refusal('NOT_FOUND', `There is no ${room.slice(0, -1)} ${id}.`, { subject: id });
  };
  return {
    now,
    rooms: feed.rooms,
    step: () => feed.rooms().status.current_step ?? 0,
    change: feed.change,
    find,
    update: (room, id, facts) => {
      const item = find(room, id);
      const items = feed.rooms()[room];
      feed.change({
        [room]: items.map((other) => (other === item ? { ...item, ...facts } : other)),
      });
      return find(room, id);
    },
  };
}

export function createScriptedEngine(options: {
  readonly now: () => number;
  readonly scene: Scene;
  readonly port: () => number;
}) {
  const { now } = options;
  const feed = createFeed(roomsOf(options.scene, now()));
  const stage = createStage(feed, now);
  const calls: { readonly path: string; readonly input: unknown }[] = [];
  const refusing = new Map<string, Refusal>();
  /** How the next restores go. */
  const restores: RestoreScript = { pace: 20, failsAt: null, freeBytes: 212_400_000_000 };
  const generated = contractDoor(stage, answersOf(stage, restores), (path, input) => {
    calls.push({ path, input });
    const refusal = refusing.get(path);
    refusing.delete(path);
    if (refusal !== undefined) throw refusal;
  });
  const snapshot = () => {
    const { revision, rooms } = feed.snapshot();
    return { revision, rooms: { ...rooms, engine: { ...rooms.engine, port: options.port() } } };
  };
  const door: EngineApi = { ...generated, feed: { snapshot, subscribe: feed.subscribe } };
  return {
    door,
    rooms: feed.rooms,
    /** What was asked, in order; the feed is not listed. */
    calls: calls as readonly (typeof calls)[number][],
    /** Replaces rooms and tells every client. */
    change: feed.change,
    /** Begins another scene; clients get every room anew. */
    play: (scene: Scene): void => {
      feed.change(roomsOf(scene, now()), { branch: stage.rooms().lineage.head, reset: true });
    },
    /** Trains so many steps at once: points, status, and an evaluation every 200 steps. */
    advance: (steps: number): void => {
      advance(stage, steps);
    },
    restores,
    /** The next call of a procedure, `queue.add`, is refused. */
    refuseNext: (path: string, refusal: Refusal): void => {
      refusing.set(path, refusal);
    },
    loseOneChange: feed.loseOneChange,
  };
}
export type ScriptedEngine = ReturnType<typeof createScriptedEngine>;

function advance(stage: Stage, steps: number): void {
  const { status, datasets, lineage } = stage.rooms();
  const t = stage.now();
  const first = stage.step() + 1;
  const last = stage.step() + steps;
  const points = Array.from({ length: steps }, (_, i) => pointAt(first + i, t));
  const evaluations = points
    .filter((point) => point.step % 200 === 0)
    .map((point) => evaluationAt(point.step, t));
  const { loss, lr, grad_norm, tokens_per_second } = pointAt(last, t);
  const measure = (value: number) => ({ value, step: last, t });
  const evaluated = evaluations.at(-1);
  const done_steps = last - PASS_FIRST_STEP + 1;
  stage.change(
    {
      status: {
        ...status,
        current_step: last,
        step_of_dataset: done_steps,
        loss: measure(loss),
        loss_smoothed: measure(loss + 0.01),
        learning_rate: measure(lr),
        grad_norm: measure(grad_norm),
        tokens_per_second: measure(tokens_per_second),
        validation_loss:
          evaluated === undefined
            ? status.validation_loss
            : { value: evaluated.core_loss ?? 0, step: evaluated.step, t },
        updated_at: t,
      },
      datasets: datasets.map((dataset) =>
        dataset.place === 'processing' ? { ...dataset, done_steps } : dataset,
      ),
    },
    { branch: lineage.head, reset: false, points, evaluations, markers: [] },
  );
}
