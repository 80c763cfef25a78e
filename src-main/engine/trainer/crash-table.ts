/**
 * Why a Python process ended. Order of evidence: exit code and signal, the structured exception of exit.json, then text. Lines that only
 * give advice never decide. Pure.
 */

export interface Crash {
  readonly category: string;
  readonly meaning: string;
  /** Restart at once from the newest checkpoint; wait until the machine is ready; or not again with this dataset. */
  readonly retry: 'restart' | 'wait' | 'dataset';
  readonly suggestion: string;
}

const entry = (
  category: string,
  meaning: string,
  retry: Crash['retry'],
  suggestion: string,
): Crash => ({ category, meaning, retry, suggestion });

export const crashTable: ReadonlyMap<string, Crash> = new Map(
  [
    entry(
      'gpu_out_of_memory',
      'GPU memory ran out',
      'restart',
      'It goes on with half the micro-batch; the batch stays.',
    ),
    entry(
      'gpu_out_of_memory_context_lost',
      'GPU memory ran out and the context was lost',
      'restart',
      'It goes on with half the micro-batch; the batch stays.',
    ),
    entry(
      'windows_shared_memory_fallback',
      'the GPU fell back to shared memory',
      'restart',
      'It goes on with half the micro-batch; the batch stays.',
    ),
    entry(
      'host_out_of_memory',
      'the system ended the trainer because memory ran out',
      'restart',
      'Close other programs, or lower micro_batch.',
    ),
    entry('shared_memory_too_small', 'shared memory is too small', 'wait', 'Enlarge /dev/shm.'),
    entry(
      'device_side_assert',
      'an index on the GPU was out of range',
      'restart',
      'The rows of the step are in the log.',
    ),
    entry(
      'illegal_memory_access',
      'the GPU reported an illegal memory access',
      'restart',
      'Look at the driver and at overclocking.',
    ),
    entry('cuda_library_error', 'a CUDA library failed', 'restart', 'Look at the driver version.'),
    entry(
      'gpu_lost',
      'the GPU is not reachable',
      'wait',
      'Restart the computer; training then continues by itself.',
    ),
    entry(
      'driver_mismatch',
      'driver and library have different versions',
      'wait',
      'Restart the computer.',
    ),
    entry(
      'no_kernel_for_gpu',
      'this build of torch has no code for the GPU',
      'wait',
      'Install a torch build for this GPU.',
    ),
    entry(
      'no_cuda',
      'no CUDA device is available',
      'wait',
      'Set device to cpu, or look at the driver.',
    ),
    entry(
      'device_busy',
      'another trainer holds the device',
      'wait',
      'It begins when the other one ends.',
    ),
    entry('disk_full', 'the disk is full', 'wait', 'Free space; it then goes on by itself.'),
    entry(
      'permission_denied',
      'a file may not be read or written',
      'wait',
      'Look at the permissions of the workspace.',
    ),
    entry(
      'checkpoint_corrupt',
      'a checkpoint does not verify',
      'restart',
      'It goes on from the newest one that does.',
    ),
    entry(
      'checkpoint_incompatible',
      'the checkpoint belongs to another model',
      'wait',
      'Choose the base model of the lineage.',
    ),
    entry('model_not_found', 'the base model is not there', 'wait', 'Choose a base model again.'),
    entry(
      'template_error',
      'the chat template failed',
      'dataset',
      'Look at the rows that are named.',
    ),
    entry(
      'dataset_error',
      'the dataset cannot be trained',
      'dataset',
      'Look at the rows that are named.',
    ),
    entry(
      'token_out_of_range',
      'a token is not in the vocabulary',
      'dataset',
      'The base model was changed after the file was validated; validate it again.',
    ),
    entry(
      'not_a_number',
      'the loss was not a number three times',
      'dataset',
      'Lower learning_rate, or look at the rows that are named.',
    ),
    entry('worker_died', 'a helper process died', 'restart', 'It is started again.'),
    entry('segmentation_fault', 'a native library crashed', 'restart', 'It is started again.'),
    entry(
      'killed_by_signal',
      'the trainer was killed from outside',
      'restart',
      'It is started again.',
    ),
    entry('hang', 'no heartbeat came', 'restart', 'It is started again.'),
    entry('import_error', 'a Python package is missing', 'wait', 'Run the set-up again.'),
    entry(
      'configuration_error',
      'the configuration is not possible',
      'wait',
      'Correct the setting that is named.',
    ),
    entry('stopped_by_user', 'stopped by you', 'wait', 'Resume when you like.'),
    entry(
      'unknown',
      'the trainer ended and left no known reason',
      'restart',
      'It is started again; the log has the last lines.',
    ),
  ].map((crash) => [crash.category, crash]),
);

export interface Evidence {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The error of exit.json, when it was written. */
  readonly error: {
    readonly category: string;
    readonly type: string;
    readonly message: string;
  } | null;
  /** The last lines of the log. */
  readonly log: string;
  /** The system's own words about a process that it ended, when they could be read. */
  readonly kernel: string;
}

/** [pattern, category]; the first that matches decides. Advice lines are removed before. */
const texts: readonly (readonly [RegExp, string])[] = [
  [/CUBLAS_STATUS_ALLOC_FAILED|OutOfMemoryError|CUDA out of memory/, 'gpu_out_of_memory'],
  [/device-side assert/, 'device_side_assert'],
  [/illegal memory access/, 'illegal_memory_access'],
  [/Xid \([^)]*\): (79|31|48|63)|fallen off the bus|GPU is lost/, 'gpu_lost'],
  [/Driver\/library version mismatch/, 'driver_mismatch'],
  [/no kernel image is available/, 'no_kernel_for_gpu'],
  [/Torch not compiled with CUDA|No CUDA GPUs are available/, 'no_cuda'],
  [/CUDNN_STATUS|CUBLAS_STATUS|cuDNN error/, 'cuda_library_error'],
  [
    /No space left on device|os error 28|Errno 28|unexpected pos \d+ vs \d+|basic_ios::clear/,
    'disk_full',
  ],
  [/insufficient shared memory|Unexpected bus error/, 'shared_memory_too_small'],
  [
    /DefaultCPUAllocator: can't allocate memory|std::bad_alloc|MemoryError|WinError 1455/,
    'host_out_of_memory',
  ],
  [/DataLoader worker \(pid/, 'worker_died'],
  [
    /incomplete metadata, file not fully covered|failed finding central directory|SafetensorError: Error while deserializing/,
    'checkpoint_corrupt',
  ],
  [/Permission denied|Errno 13/, 'permission_denied'],
  [/index out of range in self/, 'token_out_of_range'],
  [/ModuleNotFoundError|ImportError/, 'import_error'],
  [/jinja2\.exceptions|TemplateError/, 'template_error'],
  [/Segmentation fault/, 'segmentation_fault'],
];
const advice =
  /might be asynchronously reported|CUDA_LAUNCH_BLOCKING|Compile with `TORCH_USE_CUDA_DSA`|expandable_segments/;

export function classifyCrash(evidence: Evidence): Crash & { readonly message: string } {
  const found = (category: string, message: string): Crash & { readonly message: string } => {
    const known = crashTable.get(category) ?? crashTable.get('unknown');
    if (known === undefined) throw new Error('the crash table has no entry for unknown');
    return { ...known, message };
  };
  const { error, signal, exitCode } = evidence;
  if (error !== null && crashTable.has(error.category) && error.category !== 'unknown')
    return found(error.category, error.message);
  if (signal === 'SIGSEGV' || signal === 'SIGBUS' || exitCode === 139)
    return found('segmentation_fault', `the trainer crashed (${signal ?? 'exit 139'})`);
  if (signal === 'SIGKILL' || exitCode === 137) {
    const byMemory = /out of memory|oom-kill/i.test(evidence.kernel);
    return byMemory
      ? found('host_out_of_memory', 'the system ended the trainer because memory ran out')
      : found('killed_by_signal', 'the trainer was killed from outside');
  }
  const lines = `${error?.type ?? ''}: ${error?.message ?? ''}\n${evidence.log}`
    .split('\n')
    .filter((line) => !advice.test(line));
  const text = lines.join('\n');
  for (const [pattern, category] of texts) {
    if (pattern.test(text))
      return found(category, lines.find((line) => pattern.test(line))?.trim() ?? category);
  }
  if (signal !== null) return found('killed_by_signal', `the trainer was ended by ${signal}`);
  // An adopted trainer's exit code is not known; without a word of its own it was ended from outside.
  if (exitCode === null && error === null)
    return found('killed_by_signal', 'the trainer vanished without a last word');
  return found(
    'unknown',
    error?.message ?? lines.filter((line) => line.trim() !== '').at(-1) ?? 'no last words',
  );
}
