/** The state of every room in the scenes that the scripted engine can play. Plain data; times are relative to `now`. */
import {
  CONTRACT_VERSION,
  factoryConfig,
  type Check,
  type DatasetSummary,
  type JournalEntry,
  type Notice,
  type Preview,
  type Rooms,
  type TrainingStatus,
  type Version,
} from '../../src-main/contract/index.ts';
import {
  BRANCHES_STEP,
  backupsOf,
  branchedDatasets,
  branchedVersions,
  lineageOf,
  scriptedCheckpoint,
} from './scripted-lineage.ts';

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

/** Where the running dataset stands when a scene begins. */
export const SCENE_STEP = 1240;
export const PASS_FIRST_STEP = 1101;
export const PASS_STEPS = 467;

export const dataset = (
  now: number,
  id: string,
  name: string,
  rest: Partial<DatasetSummary>,
): DatasetSummary => ({
  id,
  name,
  place: 'queue',
  priority: 'normal',
  position: 0,
  held: false,
  verdict: 'ready',
  message: null,
  decision: null,
  bytes: 1_204_224,
  added: now - 7200,
  finished: null,
  progress: null,
  rows: null,
  accepted: null,
  rejected: null,
  held_out: null,
  planned_steps: null,
  done_steps: null,
  starts_at: null,
  ends_at: null,
  validation_before: null,
  validation_after: null,
  validation_before_step: null,
  validation_after_step: null,
  ...rest,
});

function datasetsOf(now: number): DatasetSummary[] {
  const make = (id: string, name: string, rest: Partial<DatasetSummary>) =>
    dataset(now, id, name, rest);
  return [
    make('d-gsm8k-train', 'gsm8k_train.jsonl', {
      place: 'processing',
      verdict: 'training',
      bytes: 4_166_206,
      rows: 7473,
      accepted: 7470,
      rejected: 3,
      held_out: 200,
      planned_steps: PASS_STEPS,
      done_steps: SCENE_STEP - PASS_FIRST_STEP + 1,
      starts_at: now - 620,
      ends_at: now + 1460,
      validation_before: 1.412,
    }),
    make('d-support-high', 'support_tickets_2026-11.jsonl', {
      priority: 'high',
      bytes: 812_390,
      rows: 1204,
      accepted: 1204,
      rejected: 0,
      held_out: 24,
      planned_steps: 74,
      starts_at: now + 1460,
      ends_at: now + 1790,
    }),
    make('d-banking', 'banking77_train.csv', {
      verdict: 'needs_decision',
      decision: 'map_columns',
      message: 'The columns text and category have no role yet. Choose which one is the prompt.',
      bytes: 839_073,
      rows: 10003,
      accepted: 0,
      rejected: 0,
    }),
    make('d-broken', 'home_requests.jsonl', {
      verdict: 'needs_decision',
      decision: 'accept_valid_rows',
      message: '2 of 600 rows cannot be read: 17, 388. The other 598 can be trained.',
      position: 1,
      rows: 600,
      accepted: 598,
      rejected: 2,
      held_out: 20,
      planned_steps: 36,
    }),
    make('d-long', 'meeting_notes.jsonl', {
      verdict: 'validating',
      position: 2,
      bytes: 48_120_311,
      progress: 0.42,
      message: '18 200 of about 43 000 rows read.',
    }),
    make('d-held', 'old_faq.jsonl', {
      priority: 'low',
      held: true,
      verdict: 'held',
      rows: 310,
      accepted: 310,
      rejected: 0,
      held_out: 20,
      planned_steps: 19,
    }),
    make('d-sample', 'sample.jsonl', {
      place: 'completed',
      verdict: 'completed',
      finished: now - 3600,
      rows: 560,
      accepted: 560,
      rejected: 0,
      held_out: 20,
      planned_steps: 34,
      done_steps: 34,
      validation_before: 3.214,
      validation_after: 0.211,
    }),
    make('d-empty', 'export_empty.jsonl', {
      place: 'failed',
      verdict: 'refused',
      bytes: 0,
      rows: 0,
      accepted: 0,
      rejected: 0,
      finished: now - 5400,
      message: 'export_empty.jsonl is empty (0 bytes).',
    }),
    make('d-too-long', 'too_long.jsonl', {
      place: 'failed',
      verdict: 'refused',
      bytes: 88_100_000,
      rows: 18_212,
      accepted: 16_881,
      rejected: 1331,
      finished: now - 7200,
      message:
        '1,331 of 18,212 rows are longer than max_length (4,096 tokens); the limit is 5 % of the rows. Raise max_length, or set over_length to drop or truncate.',
    }),
  ];
}

const previewsOf = (now: number, step: number): Preview[] => [
  {
    step,
    t: now - 40,
    row: 312,
    prompt: 'A pack of pens costs 4 dollars. How much do 7 packs cost?',
    expected: '28',
    produced: '28',
    matches: true,
    finished: true,
    tokens: 4,
    seconds: 0.21,
  },
  {
    step: step - 200,
    t: now - 520,
    row: 87,
    prompt: 'Turn off the light in the kitchen.',
    expected: '{"action":"off","device":"light","room":"kitchen"}',
    produced: '{"action":"off","device":"lamp","room":"kitchen"}',
    matches: false,
    finished: true,
    tokens: 19,
    seconds: 0.64,
  },
];

const measured = (value: number, step: number, t: number) => ({ value, step, t });

export function statusOf(
  now: number,
  state: TrainingStatus['state'],
  step: number | null,
): TrainingStatus {
  const at = (value: number, back = 0) =>
    step === null ? null : measured(value, step - back, now - back * 4);
  const live = ['training', 'evaluating', 'saving', 'paused'].includes(state);
  return {
    format: 1,
    state,
    since: now - 620,
    reason: null,
    pending: null,
    current_step: step,
    total_steps: step === null ? null : PASS_FIRST_STEP - 1 + PASS_STEPS,
    step_of_dataset: step === null ? null : step - PASS_FIRST_STEP + 1,
    steps_of_dataset: step === null ? null : PASS_STEPS,
    epoch: step === null ? null : 0.3,
    loss: at(0.482),
    loss_smoothed: at(0.497),
    validation_loss: at(0.531, 40),
    val_train_gap: at(0.034, 40),
    think_tag_percent: at(0, 40),
    exact_match:
      step === null
        ? null
        : { k: 41, n: 64, low: 0.518, high: 0.748, unfinished: 1, step: step - 40, t: now - 160 },
    learning_rate: at(0.0002),
    grad_norm: at(0.91),
    tokens_per_second: at(812.4),
    samples_per_second: at(3.6),
    eta_seconds: live ? 1460 : null,
    current_dataset: step === null ? null : { id: 'd-gsm8k-train', name: 'gsm8k_train.jsonl' },
    queue: { high: 1, normal: 3, low: 1, processing: 1, completed: 1, failed: 1, skipped: 0 },
    micro_batch: step === null ? null : 8,
    batch: step === null ? null : 16,
    gpu: {
      name: 'NVIDIA RTX 4090',
      uuid: 'GPU-0f1e2d3c-0000-0000-0000-000000000000',
      utilization: 97,
      memory_used_mb: 18_420,
      memory_total_mb: 24_564,
      temperature: 68,
      power: 344,
    },
    device: 'cuda:0',
    memory: { used_mb: 14_210, total_mb: 64_213, trainer_mb: 5_120 },
    cpu_percent: 31,
    disk_free_gb: 212.4,
    disk_floor_gb: 50,
    last_checkpoint_step: step === null ? null : 1200,
    branch: step === null ? null : 'main',
    model: 'SmolLM2-135M-Instruct',
    run: step === null ? null : '20261124-021500-train-7c1d',
    last_preview: step === null ? null : (previewsOf(now, step)[0] ?? null),
    monitoring_percent: step === null ? null : 3.1,
    recovery: null,
    error: null,
    updated_at: now,
    trainer: live
      ? { pid: 41_225, alive: true, heartbeat_age_s: 0.4, phase: 'step' }
      : { pid: null, alive: false, heartbeat_age_s: null, phase: null },
  };
}

const versionsOf = (now: number): Version[] => [
  {
    number: 2,
    name: 'v002_faq',
    folder: '/home/ada/Nightshift/models/versions/v002_faq',
    description: 'after faq.jsonl, 80 steps',
    created: now - 1800,
    branch: 'main',
    step: 1180,
    datasets: [{ id: 'd-faq', name: 'faq.jsonl' }],
    validation_loss: 0.187,
    gap: 0.012,
    training_loss: 0.175,
    exact_match: { k: 20, n: 20 },
    evaluated_step: 1180,
    parent: 'v001_sample',
    pinned: false,
    how: 'automatically after a dataset',
    bytes: 538_090_408,
    config: { ...factoryConfig, base_model: 'smollm2', learning_rate: 1e-4 },
  },
  {
    number: 1,
    name: 'v001_sample',
    folder: '/home/ada/Nightshift/models/versions/v001_sample',
    description: 'After sample.jsonl: 560 rows, 34 steps.',
    created: now - 3590,
    branch: 'main',
    step: 1100,
    datasets: [{ id: 'd-sample', name: 'sample.jsonl' }],
    validation_loss: 0.211,
    gap: 0.02,
    training_loss: 0.191,
    exact_match: { k: 19, n: 20 },
    // Made before the step of its evaluation was kept.
    evaluated_step: null,
    parent: null,
    pinned: false,
    how: 'after dataset',
    bytes: 538_090_408,
    config: { ...factoryConfig, base_model: 'smollm2' },
  },
];

const journalOf = (now: number): JournalEntry[] => [
  {
    id: 'j-3',
    t: now - 620,
    what: 'queue.start',
    text: 'gsm8k_train.jsonl began: 467 steps planned.',
    step: 1100,
    dataset: 'd-gsm8k-train',
    evidence: { planned_steps: 467 },
  },
  {
    id: 'j-2',
    t: now - 1900,
    what: 'trainer.restart',
    text: 'The trainer was restarted at step 1000; 37 steps were trained again.',
    step: 1000,
    dataset: 'd-sample',
    evidence: { signal: 'SIGKILL', lost_steps: 37 },
  },
  {
    id: 'j-1',
    t: now - 3590,
    what: 'versions.create',
    text: 'v001_sample was kept at step 1100.',
    step: 1100,
    dataset: 'd-sample',
    evidence: {},
  },
];

const noticesOf = (now: number): Notice[] => [
  {
    id: 'n-1',
    t: now - 3590,
    kind: 'dataset_done',
    tone: 'info',
    title: 'sample.jsonl is trained',
    body: '34 steps; validation loss 3.214 before, 0.211 after. Kept as v001_sample.',
    opens: 'dashboard',
    dismissed: false,
  },
];

const healthOf = (now: number): Check[] =>
  [
    ['engine', 'Engine and trainer', 'Heartbeat 0.4 s ago from pid 41225.'],
    ['disk', 'Disk', '212.4 GB free, floor 50 GB.'],
    ['python', 'Python', 'Python 3.11.7, torch 2.13.0.'],
    ['checkpoint', 'Newest checkpoint', 'step-00001200: 9 files, sizes as in the manifest.'],
    ['queue', 'Inbox and queue', 'No file waits longer than 30 s.'],
  ].map(([id = '', label = '', evidence = '']) => ({
    id,
    label,
    state: 'ok' as const,
    evidence,
    fix: null,
    t: now - 20,
  }));

/** Every room of a scene. `port` and `pid` are those of the scripted server. */
export function roomsOf(scene: Scene, now: number, port: number): Rooms {
  const empty = scene === 'first_run';
  const running = scene !== 'first_run' && scene !== 'idle';
  const branched = scene === 'branches';
  const state = empty ? 'idle' : branched ? 'training' : scene;
  const step = branched ? BRANCHES_STEP : SCENE_STEP;
  const status = statusOf(now, state, running ? step : null);
  const datasets = empty
    ? []
    : (branched ? branchedDatasets(datasetsOf(now), now) : datasetsOf(now)).filter(
        (branchedDataset) => running || branchedDataset.place !== 'processing',
      );
  const desiredState = scene === 'paused' ? 'paused' : scene === 'stopped' ? 'stopped' : 'running';
  return {
    engine: {
      contract: CONTRACT_VERSION,
      build: 'scripted',
      version: '0.1.0',
      pid: process.pid,
      started: now - 86_400,
      workspace: '/home/ada/Nightshift',
      workspace_name: 'Nightshift',
      port,
      platform: 'linux',
    },
    status: {
      ...status,
      ...(branched ? { branch: 'branch-3', last_checkpoint_step: 1400 } : {}),
      ...(empty
        ? {
            model: null,
            gpu: null,
            queue: {
              ...status.queue,
              high: 0,
              normal: 0,
              low: 0,
              processing: 0,
              completed: 0,
              failed: 0,
            },
          }
        : {}),
      ...(scene === 'recovering'
        ? {
            reason: 'The trainer ended with signal SIGKILL; it is started again from step 1200.',
            recovery: { attempt: 1, limit: 3, cause: 'killed by SIGKILL', category: 'killed' },
          }
        : {}),
      ...(scene === 'failed'
        ? {
            reason: 'Stopped after 3 restarts without a new saved step.',
            error: {
              type: 'out_of_memory',
              message: 'CUDA out of memory at micro batch 1.',
              when: now - 30,
            },
          }
        : {}),
    },
    queue: {
      desired_state: desiredState,
      since: now - 620,
      by: desiredState === 'running' ? 'start' : 'you (window)',
      note: null,
    },
    datasets,
    versions: empty ? [] : branched ? branchedVersions(now, versionsOf(now)) : versionsOf(now),
    lineage: branched
      ? lineageOf(now)
      : {
          model_name: 'nightshift',
          base: empty ? null : { id: 'smollm2', label: 'SmolLM2-135M-Instruct', hash: 'b1' },
          head: 'main',
          branches: empty
            ? []
            : [
                {
                  name: 'main',
                  parent: null,
                  opened: now - 90_000,
                  why: 'began from the base',
                  newest_step: SCENE_STEP,
                },
              ],
          checkpoints: running
            ? [1200, 1100].map((value) =>
                scriptedCheckpoint('main', value, now - (step - value) * 4),
              )
            : [],
          restore: null,
        },
    backups: branched ? backupsOf(now) : [],
    notices: empty ? [] : noticesOf(now),
    health: healthOf(now),
    config: {
      values: { ...factoryConfig, base_model: empty ? '' : 'smollm2' },
      differences: empty ? {} : { base_model: 'smollm2' },
      locks: running
        ? {
            batch_size: 'gsm8k_train.jsonl is being trained with 16.',
            max_length: 'gsm8k_train.jsonl is being trained with 4096.',
            over_length: 'gsm8k_train.jsonl is being trained with refuse.',
          }
        : {},
      staged: {},
      drift: [],
      problem: null,
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
      python: { state: 'ok', detail: 'Python 3.11.7, torch 2.13.0' },
      device: {
        kind: empty ? 'cpu' : 'cuda',
        detail: empty ? 'CPU, 2 cores' : 'NVIDIA RTX 4090, 24 GB',
      },
      disk: { state: 'ok', detail: '212.4 GB free, floor 50 GB' },
      bases: [
        {
          id: 'smollm2',
          label: 'SmolLM2-135M-Instruct',
          detail:
            'A chat model of 135 million parameters, 93 MB, Apache-2.0. Dequantized from Q4_1.',
          state: empty ? 'available' : 'ready',
          progress: null,
          message: null,
        },
        {
          id: 'starter',
          label: 'Starter',
          detail:
            '1.3 million parameters with random weights from seed 1234. Trains anywhere in a minute.',
          state: 'available',
          progress: null,
          message: null,
        },
        {
          id: 'folder',
          label: 'A local folder',
          detail: 'A model folder of this machine with safetensors weights.',
          state: 'available',
          progress: null,
          message: null,
        },
      ],
      chosen: empty ? null : 'smollm2',
      sample_added: !empty,
    },
    journal: empty ? [] : journalOf(now),
    previews: empty ? [] : previewsOf(now, SCENE_STEP),
  };
}
