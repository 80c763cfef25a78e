/**
 * The crash table: every category that the end of a Python process is sorted into, what it means,
 * what happens next, and what the user can do. The restart rules, the Health screen and the help
 * are built from it. Pure.
 */

export interface Crash {
  readonly category: string;
  /** Starts in lower case: it follows a colon, or its first letter is raised where it is shown. */
  readonly meaning: string;
  /**
   * `restart`: at once, from the newest checkpoint. `wait`: until the machine is ready.
   * `dataset`: not with the same rows again.
   */
  readonly retry: 'restart' | 'wait' | 'dataset';
  /** The machine caused it, so it never counts against a dataset. */
  readonly isInfrastructure: boolean;
  /** Sentences: what happens next, or what to do. */
  readonly suggestion: string;
}

type Row = readonly [category: string, meaning: string, suggestion: string];

const HALVED = 'Training continues with half the micro-batch; the effective batch size stays.';
const RESTARTED = 'Training restarts automatically from the newest checkpoint.';

/** The machine recovers with the restart: memory, the GPU, or a signal from outside. */
const machineRestarts: readonly Row[] = [
  ['gpu_out_of_memory', 'the GPU ran out of memory', HALVED],
  [
    'gpu_out_of_memory_context_lost',
    'the GPU ran out of memory and the CUDA context was lost',
    HALVED,
  ],
  ['windows_shared_memory_fallback', 'the GPU fell back to shared system memory', HALVED],
  [
    'host_out_of_memory',
    'the system ran out of memory',
    'Close other programs, or lower micro_batch.',
  ],
  [
    'illegal_memory_access',
    'the GPU reported an illegal memory access',
    'Check the driver and any overclocking.',
  ],
  [
    'gpu_launch_timeout',
    'the driver ended a GPU kernel that ran too long',
    'A GPU with a display ends long kernels: lower micro_batch, or use another GPU.',
  ],
  ['cuda_library_error', 'a CUDA library failed', 'Check the driver version.'],
  [
    'gpu_communication_error',
    'the communication between the GPUs failed',
    `${RESTARTED} If it happens again, set world_size to 1.`,
  ],
  [
    'checkpoint_corrupt',
    'a checkpoint is damaged',
    'Training continues from the newest checkpoint that passes verification.',
  ],
  ['killed_by_signal', 'the process was killed', RESTARTED],
];

/** It is not clear whether the machine or the dataset caused it. */
const unclearRestarts: readonly Row[] = [
  [
    'device_side_assert',
    'a token id was out of range (device-side assert)',
    'The log names the rows of the step.',
  ],
  ['worker_died', 'a worker process died', RESTARTED],
  ['segmentation_fault', 'a native library crashed', RESTARTED],
  ['hang', 'no heartbeat arrived', RESTARTED],
  [
    'unknown',
    'the process ended without a known reason',
    `${RESTARTED} The log has its last lines.`,
  ],
];

/** What the file or folder asks for is more than a worker may take; trying again ends the same way. */
const overLimits: readonly Row[] = [
  [
    'over_limit',
    'a limit of memory or time was reached',
    'Split the file, shorten its rows, or use another base model.',
  ],
];

const machineWaits: readonly Row[] = [
  ['shared_memory_too_small', 'shared memory is too small', 'Increase the size of /dev/shm.'],
  [
    'gpu_lost',
    'the GPU no longer responds',
    'Restart the computer; training then resumes automatically.',
  ],
  [
    'gpu_memory_error',
    'the GPU reported a memory error that ECC could not correct',
    'Restart the computer. If it happens again, the GPU may be faulty.',
  ],
  [
    'driver_too_old',
    'the NVIDIA driver is too old for this PyTorch build',
    'Update the NVIDIA driver; training then resumes automatically.',
  ],
  [
    'driver_mismatch',
    'the NVIDIA driver and its library have different versions',
    'Restart the computer.',
  ],
  [
    'no_kernel_for_gpu',
    'this PyTorch build does not support the GPU',
    'Install a PyTorch build for this GPU.',
  ],
  ['no_cuda', 'no CUDA device is available', 'Set device to cpu, or check the driver.'],
  [
    'device_busy',
    'another trainer is using the device',
    'Training starts automatically when the device is free.',
  ],
  ['disk_full', 'the disk is full', 'Free up disk space; training then resumes automatically.'],
  [
    'permission_denied',
    'a file could not be read or written',
    'Check the permissions of the workspace folder.',
  ],
  [
    'system_limit',
    'the system refused another open file or process',
    'Close other programs, or raise the limits (ulimit -n, ulimit -u); training then resumes automatically.',
  ],
  [
    'disk_error',
    'the disk reported an error',
    'Check the disk and its connection; training then resumes automatically.',
  ],
  [
    'no_usable_checkpoint',
    'no checkpoint can be used',
    'Repair the files, or restore a version or a backup; training then resumes automatically.',
  ],
  [
    'checkpoint_incompatible',
    'the checkpoint belongs to another model',
    'Select the base model that this model was trained from.',
  ],
  ['model_not_found', 'the base model is missing', 'Select a base model again.'],
  ['import_error', 'a Python package is missing', 'Run `npm run setup` again.'],
  ['configuration_error', 'the configuration is invalid', 'Fix the setting named above.'],
  ['stopped_by_user', 'stopped by you', 'Resume any time.'],
];

const datasetFailures: readonly Row[] = [
  ['template_error', 'the chat template failed', 'Check the rows that are named.'],
  ['dataset_error', "the dataset can't be trained", 'Check the rows that are named.'],
  [
    'token_out_of_range',
    'a token id is not in the vocabulary',
    'The base model changed after the file was validated; validate the file again.',
  ],
  [
    'not_a_number',
    'the loss was NaN or Inf three times in a row',
    'Lower learning_rate, or check the rows that are named.',
  ],
  [
    'weights_not_finite',
    'weights became NaN or Inf',
    'Training continues from the newest checkpoint. If it happens again, lower learning_rate.',
  ],
];

const crashes = (
  rows: readonly Row[],
  retry: Crash['retry'],
  isFromMachine: boolean,
): readonly Crash[] =>
  rows.map(([category, meaning, suggestion]) => ({
    category,
    meaning,
    retry,
    isInfrastructure: isFromMachine,
    suggestion,
  }));

export const crashTable: ReadonlyMap<string, Crash> = new Map(
  [
    ...crashes(machineRestarts, 'restart', true),
    ...crashes(unclearRestarts, 'restart', false),
    ...crashes(machineWaits, 'wait', true),
    ...crashes(overLimits, 'dataset', false),
    ...crashes(datasetFailures, 'dataset', false),
  ].map((crash) => [crash.category, crash]),
);

/** Categories that workers of earlier versions reported instead of those of the table. */
const OLD_CATEGORIES: Readonly<Record<string, string>> = {
  out_of_memory: 'host_out_of_memory',
  environment: 'import_error',
  no_python: 'import_error',
  files: 'permission_denied',
  bug: 'unknown',
  base_refused: 'model_not_found',
  base_unavailable: 'model_not_found',
  file_refused: 'dataset_error',
  template_refused: 'template_error',
};

/** The entry of a category, also under its old name; null when there is none. */
export const crashOf = (category: string): Crash | null =>
  crashTable.get(OLD_CATEGORIES[category] ?? category) ?? null;

/** The machine caused it: the dataset waits, and the failure never counts against it. */
export const isInfrastructure = (category: string): boolean =>
  crashOf(category)?.isInfrastructure === true;

/** The rows caused it: it happens again with the same rows. */
export const blamesDataset = (category: string): boolean => crashOf(category)?.retry === 'dataset';
