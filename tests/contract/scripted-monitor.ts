/** What the scripted engine says about memory, crashes, costs, the disk and its diagnostics. */
import type {
  CrashReport,
  DiagnosticsList,
  DiskUse,
  MemoryStats,
  MonitoringCosts,
} from '../../src-main/contract/index.ts';

export const memoryOf = (now: number): MemoryStats => ({
  format: 1,
  status: 'ok',
  host: { used_mb: 14_210, total_mb: 64_213, percent: 22.1 },
  trainer: { pid: 41_225, resident_mb: 2912 },
  engine: { pid: 41_180, resident_mb: 118 },
  gpu: { name: 'NVIDIA GeForce RTX 4090', used_mb: 17_818, total_mb: 24_564 },
  updated_at: now,
});

const crash = (now: number, rest: Partial<CrashReport>): CrashReport => ({
  t: now - 5 * 3600,
  run: '20261124-021407-train-7c1d',
  category: 'gpu_out_of_memory_context_lost',
  message: 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.16 GiB.',
  dataset: 'gsm8k_train.jsonl',
  step: 1037,
  resumed_from: 1000,
  steps_lost: 37,
  seconds: 14.2,
  rows: [],
  log: [
    'Traceback (most recent call last):',
    '  File "nightshift_trainer/train/trainer.py", line 212, in step',
    'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.16 GiB. GPU 0 has a total capacity of 23.99 GiB of which 412.00 MiB is free.',
    'torch.AcceleratorError: CUDA error: unspecified launch failure',
  ],
  ...rest,
});

export const crashesOf = (now: number): CrashReport[] => [
  crash(now, {}),
  crash(now, {
    t: now - 3 * 86_400,
    run: '20261121-220900-train-0a44',
    category: 'token_out_of_range',
    message: 'IndexError: index out of range in self',
    dataset: 'sql_pairs.jsonl',
    step: 612,
    resumed_from: 609,
    steps_lost: 3,
    seconds: 12,
    rows: [8802],
    log: ['IndexError: index out of range in self'],
  }),
  crash(now, {
    t: now - 19 * 86_400,
    run: '20261105-045100-train-91be',
    category: 'hang',
    message: 'no heartbeat came',
    dataset: 'tool_use_1.jsonl',
    step: 300,
    resumed_from: null,
    steps_lost: null,
    seconds: null,
    log: [],
  }),
];

export const costsOf = (now: number): MonitoringCosts => ({
  format: 1,
  budget_percent: 5,
  trainer_percent: 1.64,
  parts: [
    { id: 'evaluation', times: 3, seconds: 8.1, percent: 1.3 },
    { id: 'preview', times: 6, seconds: 2.1, percent: 0.34 },
    { id: 'checkpoint_stall', times: 12, seconds: 0.7, percent: 0.11 },
  ],
  engine_percent: 0.42,
  run: '20261124-021500-train-7c1d',
  measured_seconds: 620,
  updated_at: now,
});

export const diskUseOf = (now: number): DiskUse => ({
  t: now - 20,
  seconds: 0.04,
  parts: [
    { id: 'checkpoints', bytes: 21.6e9, files: 27 },
    { id: 'versions', bytes: 3.6e9, files: 33 },
    { id: 'backups', bytes: 16.8e9, files: 18 },
    { id: 'bases', bytes: 1.2e9, files: 9 },
    { id: 'cache', bytes: 14.2e9, files: 52 },
    { id: 'datasets', bytes: 9.8e9, files: 71 },
    { id: 'runs', bytes: 0.3e9, files: 120 },
    { id: 'other', bytes: 0.001e9, files: 6 },
  ],
  free_bytes: 212.4e9,
  total_bytes: 931e9,
  floor_bytes: 50e9,
});

export const diagnosticsOf = (now: number, names: boolean): DiagnosticsList => ({
  name: `nightshift-diagnostics-${new Date(now * 1000).toISOString().slice(0, 10).replaceAll('-', '')}.tar.gz`,
  names,
  files: [
    { path: 'versions.json', about: 'program, Node and the system', bytes: 312, omitted: 0 },
    { path: 'config.json', about: 'every setting by its key', bytes: 1840, omitted: 0 },
    {
      path: 'logs/engine_20261124.log',
      about: 'the last lines of the engine’s log: known forms only',
      bytes: 20_412,
      omitted: 3,
    },
  ],
});
