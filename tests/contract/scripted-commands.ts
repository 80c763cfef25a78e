/** What the scripted engine does when it is called. Small, but every command leaves the rooms as the real one would. */
import { createHash, randomUUID } from 'node:crypto';
import {
  Refusal,
  describeKeys,
  type Config,
  type ConfigState,
  type DatasetSummary,
  type QueueState,
  type Rooms,
  type TrainingStatus,
} from '../../src-main/contract/index.ts';
import type { EngineApi } from '../../src-main/server/index.ts';
import type { Stage } from './scripted-engine.ts';
import { scriptedBackups, scriptedCheckpoints } from './scripted-backups.ts';
import { activityOf, curvesOf } from './scripted-curves.ts';
import { validationOf } from './scripted-lineage.ts';
import { scriptedEstimate, scriptedOverLong } from './scripted-estimate.ts';
import { costsOf, crashesOf, diagnosticsOf, diskUseOf, memoryOf } from './scripted-monitor.ts';
import { accountOf, reportOf, rowOf, rowsOf } from './scripted-reports.ts';
import { scriptedPlayground } from './scripted-playground.ts';
import { scriptedRestore, type RestoreScript } from './scripted-restore.ts';
import { dataset } from './scripted-scenes.ts';

const done = { ok: true } as const;

export function scriptedCommands(stage: Stage, script: RestoreScript): Omit<EngineApi, 'feed'> {
  const rooms = (): Rooms => stage.rooms();
  const find = (id: string): DatasetSummary => {
    const found = rooms().datasets.find((dataset) => dataset.id === id);
    if (found === undefined)
      throw new Refusal('NOT_FOUND', `There is no dataset ${id}.`, { subject: id });
    return found;
  };
  const findVersion = (name: string) => {
    const found = rooms().versions.find((version) => version.name === name);
    if (found === undefined)
      throw new Refusal('NOT_FOUND', `There is no version ${name}.`, { subject: name });
    return found;
  };
  const update = (id: string, change: Partial<DatasetSummary>): DatasetSummary => {
    const next = { ...find(id), ...change };
    stage.change({
      datasets: rooms().datasets.map((dataset) => (dataset.id === id ? next : dataset)),
    });
    return next;
  };
  const add = (
    name: string,
    bytes: number,
    priority: DatasetSummary['priority'],
  ): DatasetSummary => {
    const taken = new Set(rooms().datasets.map((dataset) => dataset.name));
    let free = name;
    for (let n = 2; taken.has(free); n++) free = name.replace(/(\.[^.]+)?$/, `_${String(n)}$1`);
    const next = dataset(stage.now(), `d-${randomUUID().slice(0, 8)}`, free, {
      bytes,
      priority,
      verdict: 'validating',
      progress: 0,
      added: stage.now(),
    });
    stage.change({ datasets: [...rooms().datasets, next] });
    return next;
  };
  const control = (
    desiredState: QueueState['desired_state'],
    state: TrainingStatus['state'],
    by: string,
    text: string,
  ) => {
    const now = stage.now();
    stage.change({
      queue: { desired_state: desiredState, since: now, by, note: null },
      status: { ...rooms().status, state, since: now, reason: text, updated_at: now },
    });
    return { state, acted: true, waited_ms: 120, text };
  };
  const requireTraining = (): void => {
    if (rooms().status.current_dataset === null)
      throw new Refusal('NOT_READY', 'Nothing is being trained.', { next: 'Add a dataset.' });
  };
  const uploads = new Map<
    string,
    {
      key: string;
      name: string;
      bytes: number;
      parts: Buffer[];
      priority: DatasetSummary['priority'];
    }
  >();
  const upload = (id: string) => {
    const found = uploads.get(id);
    if (found === undefined)
      throw new Refusal('NOT_FOUND', `There is no upload ${id}.`, { subject: id });
    return found;
  };
  const size = (parts: readonly Buffer[]): number =>
    parts.reduce((sum, part) => sum + part.length, 0);
  const setConfig = (change: Partial<ConfigState>): ConfigState => {
    const next = { ...rooms().config, ...change };
    stage.change({ config: next });
    return next;
  };

  return {
    engine: { facts: () => rooms().engine, leave: () => done },
    playground: scriptedPlayground(() => rooms().versions),
    status: {
      get: () => rooms().status,
      machine: () => rooms().machine,
      gpu: () => rooms().status.gpu,
      memory: () => memoryOf(stage.now()),
    },
    training: {
      pause: ({ by }) => {
        requireTraining();
        return control(
          'paused',
          'paused',
          by,
          'Paused at a step boundary; a checkpoint was saved.',
        );
      },
      resume: ({ by }) => control('running', 'training', by, 'Training goes on.'),
      stop: ({ now, by }) =>
        now
          ? control('stopped', 'stopped', by, 'Stopped; a checkpoint was saved.')
          : control('stopping_after', 'training', by, 'Stops after this dataset.'),
      skip: ({ by }) => {
        requireTraining();
        return control('running', 'loading', by, 'The rest of the dataset went to skipped.');
      },
    },
    queue: {
      state: () => ({
        queue: rooms().queue,
        counts: rooms().status.queue,
        datasets: rooms().datasets,
      }),
      add: ({ paths, priority }) => ({
        added: paths
          .filter((path) => !path.includes('missing'))
          .map((path) => add(path.split('/').pop() ?? path, 1_000, priority)),
        refused: paths
          .filter((path) => path.includes('missing'))
          .map((path) => ({ path, message: 'There is no file with this name.' })),
      }),
      move: ({ id, priority, before }) => {
        const moved = update(id, { priority, position: before === null ? 99 : -0.5 });
        return moved;
      },
      hold: ({ id, held }) => update(id, { held, verdict: held ? 'held' : 'ready' }),
      retry: ({ id }) =>
        update(id, { place: 'queue', verdict: 'waiting', message: null, finished: null }),
      remove: ({ id }) => {
        update(id, { place: 'skipped', verdict: 'skipped', finished: stage.now() });
        return done;
      },
    },
    datasets: {
      list: () => rooms().datasets,
      get: ({ id }) => {
        const summary = find(id);
        return { summary, report: reportOf(summary), account: accountOf(summary), mapping: null };
      },
      overLong: ({ id }) => scriptedOverLong(rooms(), find(id)),
      rows: ({ id, from, limit, filter, at }) => {
        const listed = rowsOf(find(id), filter ?? 'all');
        const place = at === undefined ? null : listed.findIndex((row) => row.row >= at);
        return {
          account: accountOf(find(id)),
          total: listed.length,
          at: place === -1 ? listed.length : place,
          rows: listed.slice(from, (from ?? 0) + (limit ?? 1000)),
        };
      },
      row: ({ id, row }) => {
        const summary = find(id);
        if (row > (summary.rows ?? 0))
          throw new Refusal('NOT_FOUND', `${summary.name} has no row ${String(row)}.`, {
            subject: id,
          });
        return rowOf(summary, row);
      },
      mapColumns: ({ id }) =>
        update(id, {
          verdict: 'ready',
          decision: null,
          message: null,
          accepted: 10_003,
          planned_steps: 613,
        }),
      acceptValidRows: ({ id }) => update(id, { verdict: 'ready', decision: null, message: null }),
      validate: ({ path }) =>
        reportOf(
          dataset(stage.now(), 'd-validated', path, { rows: 600, accepted: 598, rejected: 2 }),
        ),
    },
    uploads: {
      begin: ({ name, bytes, key, priority }) => {
        for (const [id, known] of uploads)
          if (known.key === key) return { upload: id, offset: size(known.parts) };
        const id = `u-${randomUUID().slice(0, 8)}`;
        uploads.set(id, { key, name, bytes, parts: [], priority });
        return { upload: id, offset: 0 };
      },
      append: async ({ upload: id, offset, chunk }) => {
        const known = upload(id);
        if (offset !== size(known.parts))
          throw new Refusal(
            'INVALID',
            `The upload is at ${String(size(known.parts))}, not at ${String(offset)}.`,
          );
        known.parts.push(Buffer.from(await chunk.arrayBuffer()));
        return { offset: size(known.parts) };
      },
      finish: ({ upload: id, sha256 }) => {
        const known = upload(id);
        const whole = Buffer.concat(known.parts);
        uploads.delete(id);
        if (createHash('sha256').update(whole).digest('hex') !== sha256)
          throw new Refusal('INVALID', `${known.name} did not arrive whole: its hash differs.`, {
            next: 'Upload it again.',
          });
        return add(known.name, whole.length, known.priority);
      },
      cancel: ({ upload: id }) => {
        uploads.delete(id);
        return done;
      },
    },
    lineage: { get: () => rooms().lineage },
    checkpoints: scriptedCheckpoints(stage),
    restore: scriptedRestore(stage, script),
    backups: scriptedBackups(stage),
    versions: {
      list: () => rooms().versions,
      create: ({ description }) => {
        const [newest] = rooms().versions;
        if (newest === undefined)
          throw new Refusal('NOT_READY', 'There is no checkpoint yet.', { next: 'Train first.' });
        const made = {
          ...newest,
          number: newest.number + 1,
          name: `v${String(newest.number + 1).padStart(3, '0')}_by-hand`,
          description,
          created: stage.now(),
          step: stage.step(),
          parent: newest.name,
          how: 'manually',
        };
        stage.change({ versions: [made, ...rooms().versions] });
        return made;
      },
      get: ({ name }) => ({ version: findVersion(name), last_copy: true }),
      pin: ({ name, pinned }) => {
        const next = { ...findVersion(name), pinned };
        stage.change({
          versions: rooms().versions.map((version) => (version.name === name ? next : version)),
        });
        return next;
      },
      verify: ({ name }) => {
        const { bytes } = findVersion(name);
        return { name, ok: true, files: 7, bytes, problem: null };
      },
      remove: ({ name, confirm, last_copy }) => {
        const version = findVersion(name);
        if (version.pinned)
          throw new Refusal('LOCKED', `${name} is pinned.`, { next: 'Unpin it first.' });
        if (confirm !== name || !last_copy)
          throw new Refusal('NEEDS_CONFIRMATION', `${name} is the last copy of its step.`, {
            facts: { confirm: name, last_copy: 'yes' },
          });
        stage.change({ versions: rooms().versions.filter((other) => other.name !== name) });
        return done;
      },
    },
    metrics: {
      curves: (question) => curvesOf(question, stage.step(), stage.now()),
      validation: () => validationOf(rooms().lineage, stage.step()),
      activity: ({ hours }) => activityOf(hours, stage.now()),
      previews: ({ limit }) => rooms().previews.slice(0, limit),
    },
    config: {
      get: () => rooms().config,
      estimate: (input) => scriptedEstimate(rooms(), input),
      set: ({ key, value, confirm, stage: keep }) => {
        const facts = describeKeys().find((describeKey) => describeKey.key === key);
        if (facts === undefined)
          throw new Refusal('INVALID', `Unknown setting ${key}.`, { subject: key });
        if (facts.consent !== null && confirm !== key)
          throw new Refusal('NEEDS_CONFIRMATION', facts.consent, {
            subject: key,
            facts: { confirm: key },
          });
        const state = rooms().config;
        if (facts.lock === 'pass' && rooms().status.current_dataset !== null) {
          if (!keep)
            throw new Refusal('LOCKED', `${key} is locked while a dataset is being trained.`, {
              subject: key,
              next: 'Keep the change for the next dataset with --stage.',
            });
          return setConfig({ staged: { ...state.staged, [key]: value } });
        }
        return setConfig({
          values: withKey(state.values, key, value),
          differences: { ...state.differences, [key]: value },
        });
      },
      unstage: ({ key }) => {
        const staged = Object.entries(rooms().config.staged).filter(([name]) => name !== key);
        return setConfig({ staged: Object.fromEntries(staged) });
      },
    },
    journal: { read: ({ limit }) => rooms().journal.slice(0, limit) },
    logs: {
      read: ({ source, search, limit }) => ({
        source,
        path: source === 'engine' ? '/home/ada/Nightshift/logs/engine_20261124.log' : null,
        lines: (source === 'engine'
          ? Array.from({ length: 1200 }, (_, n) => `2026-11-24T02:15:00Z line ${String(n + 1)}`)
          : []
        )
          .filter((line) => line.includes(search))
          .slice(-limit),
        more: source === 'engine' && search === '',
      }),
    },
    notices: {
      list: () => rooms().notices,
      dismiss: ({ id }) => {
        stage.change({
          notices: rooms().notices.map((notice) =>
            notice.id === id ? { ...notice, dismissed: true } : notice,
          ),
        });
        return done;
      },
    },
    health: {
      run: () => rooms().health,
      crashes: ({ limit }) =>
        rooms().status.current_step === null ? [] : crashesOf(stage.now()).slice(0, limit),
      monitoring: () => costsOf(stage.now()),
    },
    disk: { use: () => diskUseOf(stage.now()) },
    diagnostics: {
      list: ({ names }) => diagnosticsOf(stage.now(), names),
      bundle: ({ names }) =>
        new File([`bundle, names ${String(names)}`], diagnosticsOf(stage.now(), names).name, {
          type: 'application/gzip',
        }),
    },
    setup: {
      get: () => rooms().setup,
      choose: ({ base }) => {
        const setup = {
          ...rooms().setup,
          chosen: base,
          bases: rooms().setup.bases.map((entry) =>
            entry.id === base ? { ...entry, state: 'ready' as const, progress: null } : entry,
          ),
        };
        stage.change({ setup });
        return setup;
      },
      sample: () => {
        stage.change({ setup: { ...rooms().setup, sample_added: true } });
        add('sample.jsonl', 98_304, 'normal');
        return done;
      },
    },
  };
}

function withKey(values: Config, key: string, value: unknown): Config {
  const copy = structuredClone(values) as unknown as Record<string, unknown>;
  const parts = key.split('.');
  let folder = copy;
  for (const part of parts.slice(0, -1)) folder = folder[part] as Record<string, unknown>;
  folder[parts[parts.length - 1] ?? key] = value;
  return copy as unknown as Config;
}
