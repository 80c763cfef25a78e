/**
 * Config: the one loader. Factory values, the user's differences, staged changes, and the locks of the open pass.
 * Promises: what a pass began with is what it ends with; a file that cannot be read leaves the last good values in force and says so.
 * Never: changes a locked key, whoever asks.
 */
import { watch } from 'chokidar';
import path from 'node:path';
import { z } from 'zod';
import {
  type Config,
  type ConfigState,
  type KeyDescription,
  Refusal,
} from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import { readJson, writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import type { Journal } from '../journal/index.ts';
import {
  type Differences,
  flatten,
  keys,
  nest,
  resolve,
  valueOf,
  withoutFactory,
} from './differences.ts';
import type { PlaceCheck } from './external-checks.ts';

export { createPlaceCheck, type Places } from './external-checks.ts';

export interface ConfigPass {
  readonly id: string;
  readonly dataset: string;
  readonly config: Config;
}

export interface ConfigSet {
  readonly key: string;
  readonly value: unknown;
  readonly confirm: string | null;
  readonly stage: boolean;
  readonly by: string;
}

export interface ConfigRoom {
  values(): Config;
  state(): ConfigState;
  /** What the next dataset would begin with, `changes` (dotted keys) over it. Refusals INVALID, NOT_FOUND; nothing is kept. */
  planned(changes: Readonly<Record<string, unknown>>): Config;
  /** Refusals LOCKED, NEEDS_CONFIRMATION, INVALID, NOT_FOUND. */
  set(input: ConfigSet): Promise<ConfigState>;
  unstage(key: string): Promise<ConfigState>;
  /** What the workspace itself decided, whatever is locked or staged; `why`: the act that led to it. Throws what the disk throws. */
  follow(key: string, value: unknown, why: string): Promise<void>;
  /** For a new pass: staged changes are applied and journalled. */
  freeze(): Promise<Config>;
  /** Locks and drift count from here; null: no pass is open. */
  openPass(pass: ConfigPass | null): void;
  readonly changed: Emitter<ConfigState>;
  close(): Promise<void>;
}

const stagedFile = z.object({ format: z.literal(1), staged: z.record(z.string(), z.unknown()) });
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

export async function createConfig(options: {
  readonly paths: WorkspacePaths;
  readonly journal: Journal;
  readonly clock: Clock;
  /** What a key names outside the file. */
  readonly places?: PlaceCheck;
}): Promise<ConfigRoom> {
  const lastGood = path.join(options.paths.status, 'config.last-good.json');
  const changed = new Emitter<ConfigState>();
  let differences: Differences = {};
  let staged: Record<string, unknown> = {};
  let problem: string | null = null;
  let pass: ConfigPass | null = null;
  let values: Config = resolve({});
  let own = '';

  /** Reads the user's file. Throws with what, where and what to do. */
  async function load(file: string): Promise<Differences> {
    const raw = await readJson(file);
    if (raw === null) return {};
    const format = (raw as { format?: unknown }).format ?? 1;
    if (typeof format === 'number' && format > 1)
      throw new Error(
        `${file} was written by a newer version (format ${String(format)}, this one reads 1). Open the workspace with that version.`,
      );
    const flat = flatten(raw);
    resolve(flat);
    return flat;
  }

  async function reload(first: boolean): Promise<void> {
    try {
      const next = withoutFactory(await load(options.paths.config));
      const text = JSON.stringify(next);
      if (!first && text === own && problem === null) return;
      const before = values;
      differences = next;
      values = resolve(differences);
      own = text;
      problem = null;
      // Told in the same breath as it is seen: whoever reads the drift finds its line in the journal.
      if (!first) tellDrift(before);
      await writeJson(lastGood, { format: 1, ...nest(differences) }).catch(() => undefined);
    } catch (error) {
      problem = `${error instanceof Error ? error.message : String(error)} The last good values stay in force.`;
      if (first) {
        differences = await load(lastGood).catch(() => ({}));
        values = resolve(differences);
      }
      options.journal.write({ what: 'config.problem', text: problem });
    }
    changed.emit(state());
  }

  function tellDrift(before: Config): void {
    for (const key of keys.keys()) {
      const was = valueOf(before, key);
      const is = valueOf(values, key);
      if (same(was, is)) continue;
      const locked = lockReason(key) !== null;
      options.journal.write({
        what: locked ? 'config.drift' : 'config.file',
        text: locked
          ? `config.json was changed by hand: ${key} ${JSON.stringify(was)} to ${JSON.stringify(is)}. The open pass keeps ${JSON.stringify(valueOf(pass?.config ?? values, key))}.`
          : `config.json was changed by hand: ${key} ${JSON.stringify(was)} to ${JSON.stringify(is)}.`,
        evidence: { key, before: was, after: is },
      });
    }
  }

  /** Why a key may not change now; null when it may. */
  function lockReason(key: string): string | null {
    if (pass === null || keys.get(key)?.lock !== 'pass') return null;
    return `${key} is locked: ${pass.dataset} is being trained with ${JSON.stringify(valueOf(pass.config, key))}.`;
  }

  function state(): ConfigState {
    const locks: Record<string, string> = {};
    const drift: ConfigState['drift'] = [];
    for (const key of keys.keys()) {
      const reason = lockReason(key);
      if (reason === null || pass === null) continue;
      locks[key] = reason;
      const running = valueOf(pass.config, key);
      const file = valueOf(values, key);
      if (!same(running, file)) drift.push({ key, running, file });
    }
    return {
      values,
      differences: { ...differences },
      locks,
      // What the file says differently waits for the next dataset, like what was staged.
      staged: { ...Object.fromEntries(drift.map((drift) => [drift.key, drift.file])), ...staged },
      drift,
      problem,
    };
  }

  async function save(next: Differences): Promise<void> {
    if (problem !== null)
      throw new Refusal('INVALID', problem, {
        subject: options.paths.config,
        next: `Correct ${options.paths.config} or move it away; nothing is written over it.`,
      });
    differences = withoutFactory(next);
    values = resolve(differences);
    own = JSON.stringify(differences);
    await writeJson(options.paths.config, { format: 1, ...nest(differences) });
    await writeJson(lastGood, { format: 1, ...nest(differences) });
  }
  const saveStaged = (): Promise<void> =>
    writeJson(options.paths.stagedConfig, { format: 1, staged });

  function known(key: string): KeyDescription {
    const description = keys.get(key);
    if (description === undefined)
      throw new Refusal('NOT_FOUND', `There is no key ${key}.`, { subject: key });
    return description;
  }

  function tried(next: Differences, subject: string | null): Config {
    try {
      return resolve(next);
    } catch (error) {
      throw new Refusal('INVALID', error instanceof Error ? error.message : String(error), {
        subject,
        next: 'The Config screen and `nightshift config show` tell what each key is for.',
      });
    }
  }
  /** The value in the type of its key, or INVALID with the reason. */
  const checked = (key: string, value: unknown): unknown =>
    valueOf(tried({ ...differences, ...staged, [key]: value }, key), key);

  async function set({ key, value, confirm, stage, by }: ConfigSet): Promise<ConfigState> {
    const description = known(key);
    const next = checked(key, value);
    const isFirstBase = key === 'base_model' && values.base_model === '';
    if (description.consent !== null && confirm !== key && !isFirstBase)
      throw new Refusal('NEEDS_CONFIRMATION', `${key}: ${description.consent}`, {
        subject: key,
        next: `Confirm it by naming the key: --confirm ${key}.`,
        facts: { confirm: key },
      });
    const reason = lockReason(key);
    if (reason !== null && !stage)
      throw new Refusal('LOCKED', reason, {
        subject: key,
        next: `Stage it for the next dataset (--stage); it is applied between two datasets.`,
        facts: { running: JSON.stringify(valueOf(pass?.config ?? values, key)) },
      });
    const missing = (await options.places?.(key, next)) ?? null;
    if (missing !== null)
      throw new Refusal('INVALID', missing.text, { subject: key, next: missing.next });
    if (stage && pass !== null) {
      staged = { ...staged, [key]: next };
      await saveStaged();
      options.journal.write({
        what: 'config.staged',
        text: `${key} ${JSON.stringify(next)} is staged for the next dataset (${by}).`,
        evidence: { key, value: next },
      });
    } else {
      const before = valueOf(values, key);
      await save({ ...differences, [key]: next });
      options.journal.write({
        what: 'config.set',
        text: `${key} ${JSON.stringify(before)} to ${JSON.stringify(next)} (${by}).`,
        evidence: { key, before, after: next },
      });
    }
    changed.emit(state());
    return state();
  }

  const stagedRaw = stagedFile.safeParse(
    await readJson(options.paths.stagedConfig).catch(() => null),
  );
  if (stagedRaw.success) staged = stagedRaw.data.staged;
  await reload(true);
  // The folder is watched, not the file: a rename over it would end a watch on the file.
  const watcher = watch(options.paths.root, {
    depth: 0,
    ignoreInitial: true,
    // An editor that is still writing has not said anything yet.
    awaitWriteFinish: { stabilityThreshold: 200, pollInterval: 50 },
    ignored: (name) => name !== options.paths.root && name !== options.paths.config,
  });
  const again = (): void => void reload(false);
  watcher
    .on('add', again)
    .on('change', again)
    .on('unlink', again)
    .on('error', () => undefined);
  // An edit that comes before the watch stands would pass for the initial state.
  await new Promise<void>((resolve) => {
    watcher.once('ready', resolve).once('error', () => {
      resolve();
    });
  });
  // Watching is never trusted alone.
  const stopLooking = options.clock.every(5, () => reload(false));

  return {
    values: () => values,
    state,
    planned(changes) {
      for (const key of Object.keys(changes)) known(key);
      return tried({ ...differences, ...staged, ...changes }, Object.keys(changes)[0] ?? null);
    },
    set,
    async unstage(key) {
      const drifted = state().drift.find((drift) => drift.key === key);
      if (!(key in staged) && drifted === undefined)
        throw new Refusal('NOT_FOUND', `${key} is not staged.`, { subject: key });
      staged = Object.fromEntries(Object.entries(staged).filter(([name]) => name !== key));
      await saveStaged();
      if (drifted !== undefined) await save({ ...differences, [key]: drifted.running });
      changed.emit(state());
      return state();
    },
    async follow(key, value, why) {
      const before = valueOf(values, key);
      const wasStaged = key in staged;
      const next = checked(key, value);
      await save({ ...differences, [key]: next });
      if (wasStaged) {
        staged = Object.fromEntries(Object.entries(staged).filter(([name]) => name !== key));
        await saveStaged();
      }
      options.journal.write({
        what: 'config.follow',
        text: `${key} ${JSON.stringify(before)} to ${JSON.stringify(next)}: ${why}.`,
        evidence: { key, before, after: next, staged: wasStaged },
      });
      changed.emit(state());
    },
    async freeze() {
      await reload(false);
      if (Object.keys(staged).length > 0) {
        const applied = staged;
        await save({ ...differences, ...applied });
        staged = {};
        await saveStaged();
        options.journal.write({
          what: 'config.applied',
          text: `Staged changes are applied: ${Object.entries(applied)
            .map(([key, value]) => `${key} ${JSON.stringify(value)}`)
            .join(', ')}.`,
          evidence: applied,
        });
        changed.emit(state());
      }
      return values;
    },
    openPass(next) {
      pass = next;
      changed.emit(state());
    },
    changed,
    async close() {
      stopLooking();
      await watcher.close();
    },
  };
}
