import { describe, expect, test } from 'vitest';
import { crashTable, factoryConfig } from '../../src-main/contract/index.ts';
import { type Evidence } from '../../src-main/engine/trainer/classify-crash.ts';
import { percentile99 } from '../../src-main/engine/trainer/hang-rules.ts';
import { classifyCrash, decideAfterExit, decideHang } from '../../src-main/engine/trainer/index.ts';
import {
  MAX_UNSAVED_SECONDS,
  saveSecondsAfterKill,
} from '../../src-main/engine/trainer/restart-rules.ts';
import {
  argumentsFor,
  environmentFor,
  launchCategory,
} from '../../src-main/engine/trainer/launch.ts';
import {
  halveMicroBatch,
  requestOf,
  resolveForMachine,
  trainSpec,
} from '../../src-main/engine/trainer/spec.ts';
import { specFiles } from '../../src-main/formats/spec.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';

const none: Evidence = { exitCode: 1, signal: null, error: null, log: '', kernel: '' };
const category = (evidence: Partial<Evidence>): string =>
  classifyCrash({ ...none, ...evidence }).category;

describe('the crash table', () => {
  test('has the categories of the specification, each with meaning and advice', () => {
    const wanted =
      'gpu_out_of_memory gpu_out_of_memory_context_lost windows_shared_memory_fallback host_out_of_memory shared_memory_too_small device_side_assert illegal_memory_access cuda_library_error gpu_lost gpu_memory_error gpu_launch_timeout gpu_communication_error driver_too_old driver_mismatch no_kernel_for_gpu no_cuda disk_full permission_denied checkpoint_corrupt checkpoint_incompatible model_not_found template_error dataset_error token_out_of_range not_a_number weights_not_finite worker_died segmentation_fault hang import_error configuration_error stopped_by_user unknown killed_by_signal device_busy over_limit system_limit';
    for (const name of wanted.split(' ')) {
      const entry = crashTable.get(name);
      expect(entry, name).toBeDefined();
      expect(entry?.meaning.length, name).toBeGreaterThan(5);
      expect(entry?.suggestion.length, name).toBeGreaterThan(5);
    }
  });

  test.each([
    ['torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB', 'gpu_out_of_memory'],
    ['RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling', 'gpu_out_of_memory'],
    ['torch.AcceleratorError: CUDA error: device-side assert triggered', 'device_side_assert'],
    [
      'torch.AcceleratorError: CUDA error: an illegal memory access was encountered',
      'illegal_memory_access',
    ],
    ['NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus.', 'gpu_lost'],
    ['Failed to initialize NVML: Driver/library version mismatch', 'driver_mismatch'],
    [
      'RuntimeError: The NVIDIA driver on your system is too old (found version 11040).',
      'driver_too_old',
    ],
    ['CUDA error: CUDA driver version is insufficient for CUDA runtime version', 'driver_too_old'],
    ['CUDA error: uncorrectable ECC error encountered', 'gpu_memory_error'],
    ['CUDA error: the launch timed out and was terminated', 'gpu_launch_timeout'],
    ['CUDA error: unspecified launch failure', 'illegal_memory_access'],
    ['CUDA error: misaligned address', 'illegal_memory_access'],
    [
      'torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:2251, unhandled system error',
      'gpu_communication_error',
    ],
    [
      "[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory",
      'host_out_of_memory',
    ],
    [
      'Unexpected bus error encountered in worker. This might be caused by insufficient shared memory (shm).',
      'shared_memory_too_small',
    ],
    ['RuntimeError: DataLoader worker (pid(s) 77) exited unexpectedly', 'worker_died'],
    ['[enforce fail at inline_container.cc:672] . unexpected pos 11264 vs 11156', 'disk_full'],
    [
      'SafetensorError: Error while serializing: I/O error: No space left on device (os error 28)',
      'disk_full',
    ],
    [
      'SafetensorError: Error while deserializing header: incomplete metadata, file not fully covered',
      'checkpoint_corrupt',
    ],
    [
      'PytorchStreamReader failed reading zip archive: failed finding central directory',
      'checkpoint_corrupt',
    ],
    ['IndexError: index out of range in self', 'token_out_of_range'],
    ['OSError: [WinError 1455] The paging file is too small', 'host_out_of_memory'],
    ['ModuleNotFoundError: No module named torch', 'import_error'],
    ['something else', 'unknown'],
  ])('text: %s', (log, expected) => {
    expect(category({ log })).toBe(expected);
  });

  test('SIGKILL alone is not out of memory; with a line of the kernel log it is', () => {
    expect(category({ exitCode: null, signal: 'SIGKILL', log: 'MemoryError' })).toBe(
      'killed_by_signal',
    );
    const kernel = 'Out of memory: Killed process 77 (python)';
    expect(category({ exitCode: null, signal: 'SIGKILL', kernel })).toBe('host_out_of_memory');
    expect(category({ exitCode: 137, kernel })).toBe('host_out_of_memory');
  });

  test('the exception of exit.json comes before text, and lines of advice never decide', () => {
    const error = { category: 'disk_full', type: 'OSError', message: 'full' };
    expect(category({ error, log: 'CUDA out of memory' })).toBe('disk_full');
    const advice =
      'CUDA kernel errors might be asynchronously reported at some other API call, CUDA out of memory or not';
    expect(category({ log: advice })).toBe('unknown');
    const unknown = {
      category: 'unknown',
      type: 'OSError',
      message: '[Errno 28] No space left on device',
    };
    expect(category({ error: unknown })).toBe('disk_full');
  });

  test('an adopted trainer that disappeared was killed, unless its log says more', () => {
    expect(category({ exitCode: null })).toBe('killed_by_signal');
    expect(category({ exitCode: null, log: 'Segmentation fault' })).toBe('segmentation_fault');
    expect(category({ exitCode: null, signal: 'SIGSEGV' })).toBe('segmentation_fault');
  });
});

describe('after an exit', () => {
  const rules = { limit: 3, firstSeconds: 1, lastSeconds: 60 };
  const fresh = { attempts: 0, failedPositions: [], healthySeconds: 5 };
  const crash = (name: string) => crashTable.get(name)!;

  test('the delay doubles with every restart, up to the maximum', () => {
    const killed = crash('killed_by_signal');
    const waits = [0, 1, 2].map((attempts) =>
      decideAfterExit(killed, { ...fresh, attempts }, rules),
    );
    expect(waits).toEqual([
      { kind: 'restart', inSeconds: 1, attempt: 1 },
      { kind: 'restart', inSeconds: 2, attempt: 2 },
      { kind: 'restart', inSeconds: 4, attempt: 3 },
    ]);
    expect(
      decideAfterExit(killed, { ...fresh, attempts: 9 }, { ...rules, limit: 20 }),
    ).toMatchObject({ inSeconds: 60 });
  });

  test('a kill from outside never gives up: it waits up to the maximum', () => {
    const killed = crash('killed_by_signal');
    for (const attempts of [3, 4, 99, 5000])
      expect(decideAfterExit(killed, { ...fresh, attempts }, rules)).toEqual({
        ...{ kind: 'restart', attempt: attempts + 1 },
        inSeconds: Math.min(60, 2 ** attempts),
      });
    expect(decideAfterExit(crash('host_out_of_memory'), { ...fresh, attempts: 3 }, rules)).toEqual({
      kind: 'give_up',
      infrastructure: true,
    });
  });

  test('after a kill without a save the next run saves in half the time that it had', () => {
    expect(saveSecondsAfterKill(40, MAX_UNSAVED_SECONDS)).toBe(20);
    expect(saveSecondsAfterKill(12, 20)).toBe(6);
    expect(saveSecondsAfterKill(90, 6)).toBe(6);
    expect(saveSecondsAfterKill(3600, MAX_UNSAVED_SECONDS)).toBe(MAX_UNSAVED_SECONDS);
    expect(saveSecondsAfterKill(0.01, MAX_UNSAVED_SECONDS)).toBe(0.2);
  });

  test('it gives up after the limit, unless the run was healthy for ten minutes', () => {
    const killed = crash('unknown');
    expect(decideAfterExit(killed, { ...fresh, attempts: 3 }, rules)).toEqual({
      kind: 'give_up',
      infrastructure: false,
    });
    expect(
      decideAfterExit(killed, { ...fresh, attempts: 3, healthySeconds: 601 }, rules),
    ).toMatchObject({ kind: 'restart', attempt: 1, inSeconds: 1 });
  });

  test.each(
    [...crashTable.values()].filter(
      ({ category, isInfrastructure }) => isInfrastructure && category !== 'killed_by_signal',
    ),
  )('$category never fails a dataset, however often it happens', (entry) => {
    const after = decideAfterExit(entry, { ...fresh, attempts: 99 }, rules);
    expect(after).toEqual({ kind: 'give_up', infrastructure: true });
  });

  test.each([
    'device_busy',
    'disk_full',
    'disk_error',
    'gpu_lost',
    'driver_mismatch',
    'permission_denied',
    'no_usable_checkpoint',
  ])('%s waits and does not count against the dataset', (name) => {
    expect(decideAfterExit(crash(name), { ...fresh, attempts: 99 }, rules)).toEqual({
      kind: 'give_up',
      infrastructure: true,
    });
  });

  test.each([
    ['EMFILE', 'system_limit'],
    ['EAGAIN', 'system_limit'],
    ['ENOSPC', 'disk_full'],
    ['EACCES', 'permission_denied'],
    ['ENOENT', 'import_error'],
  ])('a process that could not be started for %s is %s', (code, expected) => {
    expect(launchCategory(Object.assign(new Error(code), { code }))).toBe(expected);
  });

  test("a dataset's failure at the same position ends it the second time", () => {
    const bad = crash('template_error');
    expect(decideAfterExit(bad, { ...fresh, failedPositions: [16] }, rules).kind).toBe('restart');
    expect(decideAfterExit(bad, { ...fresh, failedPositions: [16, 32] }, rules).kind).toBe(
      'restart',
    );
    expect(decideAfterExit(bad, { ...fresh, failedPositions: [16, 16] }, rules)).toEqual({
      kind: 'give_up',
      infrastructure: false,
    });
  });
});

describe('a missing heartbeat', () => {
  const settings = {
    trainMinutes: 15,
    evalMinutes: 30,
    learned: true,
    minSuspectSeconds: 10,
    minKillSeconds: 60,
  };
  const every = (seconds: number, count = 100): number[] =>
    Array.from({ length: count }, () => seconds);
  const verdict = (phase: string, age: number, known: readonly number[]): string =>
    decideHang({ phase, age, intervals: known }, settings);

  test('the learned limits: 5 and 10 times p99, at least 10 s and 60 s', () => {
    expect(verdict('step', 9, every(0.2))).toBe('alive');
    expect(verdict('step', 11, every(0.2))).toBe('suspect');
    expect(verdict('step', 61, every(0.2))).toBe('kill');
    expect(verdict('step', 61, every(10))).toBe('suspect');
    expect(verdict('step', 49, every(10))).toBe('alive');
    expect(verdict('step', 101, every(10))).toBe('kill');
  });
  test('until enough intervals of a phase are known, only the maximums count', () => {
    expect(verdict('step', 500, every(0.2, 19))).toBe('alive');
    expect(verdict('step', 901, [])).toBe('kill');
    expect(verdict('evaluate', 901, [])).toBe('alive');
    expect(verdict('generate', 1801, [])).toBe('kill');
  });
  test('a paused trainer never counts as hung', () => {
    expect(verdict('paused', 1e6, every(0.2))).toBe('alive');
  });
  test('the adaptive limits can be switched off', () => {
    const reading = { phase: 'step', age: 100, intervals: every(0.2) };
    expect(decideHang(reading, { ...settings, learned: false })).toBe('alive');
  });
  test('p99 ignores a single slow interval in a hundred and one', () => {
    expect(percentile99([...every(1, 200), 50])).toBe(1);
    expect(percentile99([])).toBe(0);
  });
});

test('Python sees only the allowed part of the environment', () => {
  const python = { executable: 'python', packageFolder: '/p' };
  const own = {
    PATH: '/bin',
    HOME: '/h',
    CUDA_VISIBLE_DEVICES: '0',
    NIGHTSHIFT_CACHE: '/c',
    NIGHTSHIFT_DEVICE_LOCKS: '/l',
    PIP_INDEX_URL: 'https://index.invalid',
    SECRET_TOKEN: 'x',
    PYTHONSTARTUP: '/evil',
    LD_PRELOAD: '/evil.so',
  };
  const train = environmentFor('train', own, python);
  expect(Object.keys(train)).toEqual(
    expect.arrayContaining(['PATH', 'HOME', 'CUDA_VISIBLE_DEVICES', 'NIGHTSHIFT_CACHE']),
  );
  expect(train).toMatchObject({ GOMP_SPINCOUNT: '2000', PYTHONPATH: '/p', HF_HUB_OFFLINE: '1' });
  const forGpu = {
    PYTORCH_ALLOC_CONF: 'backend:native',
    CUBLAS_WORKSPACE_CONFIG: ':16:8',
    NCCL_DEBUG: 'INFO',
    TRITON_CACHE_DIR: '/t',
    CUDNN_LOGLEVEL_DBG: '1',
  };
  expect(environmentFor('train', { ...own, ...forGpu }, python)).toMatchObject(forGpu);
  for (const name of ['SECRET_TOKEN', 'PYTHONSTARTUP', 'LD_PRELOAD', 'PIP_INDEX_URL'])
    expect(train, name).not.toHaveProperty(name);
  expect(environmentFor('base', own, python)).toHaveProperty('PIP_INDEX_URL');
  expect(environmentFor('intake', own, python)).toMatchObject({ OMP_NUM_THREADS: '1' });
});

test('the trainer is started by one command, which starts the ranks itself', () => {
  expect(argumentsFor('/run')).toEqual(['-m', 'nightshift_trainer', '/run']);
});

test('auto is resolved for the machine before Python starts', () => {
  const slow = { hasGpu: false, hasFastBf16: false };
  expect(resolveForMachine(factoryConfig, slow)).toMatchObject({
    device: 'cpu',
    config: { precision: 'fp32', deterministic: 'on' },
  });
  expect(resolveForMachine(factoryConfig, { hasGpu: true, hasFastBf16: false })).toMatchObject({
    device: 'cuda:0',
    config: { precision: 'bf16', deterministic: 'off' },
  });
  expect(
    resolveForMachine({ ...factoryConfig, device: 'cpu', precision: 'bf16' }, slow),
  ).toMatchObject({ device: 'cpu', config: { precision: 'bf16' } });
});

test('a request can be read back from spec.json, with the frozen configuration', () => {
  const request = {
    pass: { id: 'p-1', plannedSteps: 35 },
    dataset: {
      id: 'd-1',
      folder: '/w/data/datasets/d-1',
      name: 'a.jsonl',
      contentHash: 'h',
      cache: '/w/data/datasets/d-1/cache/c',
      excludedRows: [7, 9],
      rowOrder: 'all' as const,
    },
    config: factoryConfig,
    base: { id: 'starter', folder: '/w/models/starter', hash: 'h' },
    lineage: { branch: 'main', headStep: 12 },
    core: '/w/data/validation/core',
    start: { position: 16, epoch: 1 },
  };
  const machine = { hasGpu: false, hasFastBf16: false };
  const spec = trainSpec({
    run: 'r',
    paths: workspacePaths('/w'),
    request,
    microBatchTokens: null,
    machine,
    threads: 2,
    now: 1,
  });
  const reading = specFiles.train.parseText(JSON.stringify(spec));
  expect(reading.ok && requestOf(reading.value, workspacePaths('/w'))).toEqual(request);
  expect(spec).toMatchObject({ config: { precision: 'fp32', micro_batch: 'auto' }, test: {} });
  expect(spec).toMatchObject({
    launcher: { kind: 'single', processes: 1 },
    saving: 'sync',
    threads: 2,
  });
  const { frozen: _frozen, ...withoutFrozen } = spec;
  expect(requestOf(withoutFrozen, workspacePaths('/w'))).toBeNull();
});

test('after the GPU ran out of memory the micro-batch is halved, in tokens', () => {
  expect(halveMicroBatch(null)).toBe(2048);
  expect(halveMicroBatch(2048)).toBe(1024);
  expect(halveMicroBatch(1)).toBe(1);
});

test('bf16 is the default only on a GPU that computes it', () => {
  const gpu = {
    ...{ uuid: 'GPU-a', index: 0, name: 'a', utilization: null, memoryUsedMb: null },
    ...{ memoryTotalMb: null, temperature: null, power: null, driver: null },
  };
  const precision = (capability: number | null): string =>
    resolveForMachine(factoryConfig, {
      hasGpu: true,
      hasFastBf16: false,
      gpus: [{ ...gpu, capability }],
    }).config.precision;
  expect([7.5, 8, 8.9, 10, null].map(precision)).toEqual(['fp32', 'bf16', 'bf16', 'bf16', 'bf16']);
});
