/** The scenes that the scripted engine can play: only what differs from the smallest valid state. */
import {
  CONTRACT_VERSION,
  factoryConfig,
  rooms as roomsSchema,
  type RoomName,
  type Rooms,
  type TrainingStatus,
} from '../../../src-main/contract/index.ts';
import { complete } from '../complete.ts';
import { datasetsOf, SCENE_STEP } from './datasets.ts';
import * as models from './models.ts';
import { previewsOf, statusOf } from './status.ts';
import { table } from './table.ts';

export const scenes = [
  'first_run',
  'idle',
  'training',
  'branches',
  'paused',
  'stopped',
  'recovering',
  'failed',
] as const;
export type Scene = (typeof scenes)[number];

const everyScene = (now: number) => ({
  engine: {
    contract: CONTRACT_VERSION,
    version: '0.1.0',
    started: now - 86_400,
    workspace: models.WORKSPACE,
    workspace_name: 'Nightshift',
    platform: 'linux',
  },
  queue: { desired_state: 'running', since: now - 620, by: 'start' },
  datasets: datasetsOf(now).filter((dataset) => dataset.place !== 'processing'),
  versions: models.versionsOf(now),
  lineage: models.straightLineage(now, false),
  notices: table(now)`
id  | t        | kind         | opens     | title                   | body
n-1 | now-3590 | dataset_done | dashboard | sample.jsonl is trained | 34 steps. Kept as v001_sample.`,
  health: table(now)`
id         | t      | label              | evidence
engine     | now-20 | Engine and trainer | Heartbeat 0.4 s ago from pid 41225.
disk       | now-20 | Disk               | 212.4 GB free, floor 50 GB.
python     | now-20 | Python             | Python 3.11.7, torch 2.13.0.
checkpoint | now-20 | Newest checkpoint  | step-00001200: 9 files, sizes as in the manifest.
queue      | now-20 | Inbox and queue    | No file waits longer than 30 s.`,
  config: {
    values: { ...factoryConfig, base_model: 'smollm2' },
    differences: { base_model: 'smollm2' },
  },
  machine: {
    cpu_percent: 31,
    memory_used_mb: 14_210,
    memory_total_mb: 64_213,
    disk_free_gb: 212.4,
    disk_total_gb: 931.5,
    disk_floor_gb: 50,
    t: now,
  },
  setup: {
    python: { detail: 'Python 3.11.7, torch 2.13.0' },
    device: { kind: 'cuda', detail: 'NVIDIA RTX 4090, 24 GB' },
    disk: { detail: '212.4 GB free, floor 50 GB' },
    bases: table(now)`
id      | state     | label                 | detail
smollm2 | ready     | SmolLM2-135M-Instruct | A chat model of 135 million parameters, 93 MB, Apache-2.0.
starter | available | Starter               | 1.3 million parameters with random weights. Trains anywhere in a minute.
folder  | available | A local folder        | A model folder of this machine with safetensors weights.`,
    chosen: 'smollm2',
    sample_added: true,
  },
  journal: table(now)`
id  | t        | step | what            | evidence               | text
j-3 | now-620  | 1100 | queue.start     | {"planned_steps":467}  | gsm8k_train.jsonl began: 467 steps planned.
j-2 | now-1900 | 1000 | trainer.restart | {"signal": "SIGKILL"}  | The trainer was restarted at step 1000; 37 steps were trained again.
j-1 | now-3590 | 1100 | versions.create | -                      | v001_sample was kept at step 1100.`,
  previews: previewsOf(now, SCENE_STEP),
});

/** What is the same while a dataset is trained or interrupted. */
const training = (now: number, state: TrainingStatus['state'], facts: object = {}) => ({
  status: statusOf(now, state, SCENE_STEP, facts),
  datasets: datasetsOf(now),
  lineage: models.straightLineage(now, true),
  config: {
    ...everyScene(now).config,
    locks: Object.fromEntries(
      (['batch_size', 'max_length', 'over_length'] as const).map((key) => [
        key,
        `gsm8k_train.jsonl is being trained with ${String(factoryConfig[key])}.`,
      ]),
    ),
  },
});

const differences: Record<Scene, (now: number) => Partial<Record<RoomName, unknown>>> = {
  first_run: (now) => ({
    status: statusOf(now, 'idle', null, { model: null, gpu: null, queue: {} }),
    datasets: [],
    versions: [],
    lineage: { model_name: 'nightshift', head: 'main' },
    notices: [],
    config: { values: factoryConfig },
    setup: {
      ...everyScene(now).setup,
      device: { kind: 'cpu', detail: 'CPU, 2 cores' },
      bases: everyScene(now).setup.bases.map((base) => ({ ...base, state: 'available' })),
      chosen: null,
      sample_added: false,
    },
    journal: [],
    previews: [],
  }),
  idle: (now) => ({ status: statusOf(now, 'idle', null) }),
  training: (now) => training(now, 'training'),
  branches: (now) => ({
    ...training(now, 'training'),
    status: statusOf(now, 'training', models.BRANCHES_STEP, {
      branch: 'branch-3',
      last_checkpoint_step: 1400,
    }),
    datasets: [...datasetsOf(now), ...models.branchedDatasets(now)],
    versions: models.branchedVersions(now),
    lineage: models.branchedLineage(now),
    backups: models.backupsOf(now),
  }),
  paused: (now) => ({
    ...training(now, 'paused'),
    queue: { desired_state: 'paused', since: now - 620, by: 'you (window)' },
  }),
  stopped: (now) => ({
    ...training(now, 'stopped'),
    queue: { desired_state: 'stopped', since: now - 620, by: 'you (window)' },
  }),
  recovering: (now) =>
    training(now, 'recovering', {
      reason: 'The trainer ended with signal SIGKILL; it is started again from step 1200.',
      recovery: { attempt: 1, limit: 3, cause: 'killed by SIGKILL', category: 'killed' },
    }),
  failed: (now) =>
    training(now, 'failed', {
      reason: 'Stopped after 3 restarts without a new saved step.',
      error: {
        type: 'out_of_memory',
        message: 'CUDA out of memory at micro batch 1.',
        when: now - 30,
      },
    }),
};

/** Every room of a scene; throws ContractDrift for a scene that the contract doesn't allow. */
export const roomsOf = (scene: Scene, now: number): Rooms =>
  complete(roomsSchema, { ...everyScene(now), ...differences[scene](now) }, scene);
