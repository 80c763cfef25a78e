/**
 * The crash table: every category that the end of a Python process is put into, what it means, what is done by itself, and what can be
 * done. The rules of the trainer, the health screen and the help are made from it; the texts stand nowhere else. Pure.
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
    entry(
      'weights_not_finite',
      'the weights held values that are no numbers',
      'dataset',
      'It goes on from the newest checkpoint that verifies; lower learning_rate when it comes again.',
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
