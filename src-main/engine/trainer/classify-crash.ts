/**
 * Why a Python process ended. Evidence in this order: the exception of exit.json, exit code and
 * signal, then text. Lines that only give advice never decide. Pure.
 */
import { type Crash, crashOf, crashTable } from '../../contract/index.ts';

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
  /** Lines of the kernel log about the process; empty when they can't be read. */
  readonly kernel: string;
}

/** [pattern, category]; the first that matches decides. */
const LOG_PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/CUBLAS_STATUS_ALLOC_FAILED|OutOfMemoryError|CUDA out of memory/, 'gpu_out_of_memory'],
  [/device-side assert/, 'device_side_assert'],
  [/uncorrectable ECC error/, 'gpu_memory_error'],
  [/launch timed out and was terminated/, 'gpu_launch_timeout'],
  [
    /illegal memory access|unspecified launch failure|misaligned address|illegal instruction was encountered/,
    'illegal_memory_access',
  ],
  [/CUDA driver version is insufficient|NVIDIA driver on your system is too old/, 'driver_too_old'],
  [/Xid \([^)]*\): (79|31|48|63)|fallen off the bus|GPU is lost/, 'gpu_lost'],
  [/Driver\/library version mismatch/, 'driver_mismatch'],
  [/no kernel image is available/, 'no_kernel_for_gpu'],
  [/Torch not compiled with CUDA|No CUDA GPUs are available/, 'no_cuda'],
  [
    /NCCL error|ncclUnhandledCudaError|ncclSystemError|ncclInternalError|ncclRemoteError|ProcessGroupNCCL/,
    'gpu_communication_error',
  ],
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
  [/Permission denied|Errno 13\b|os error 13\b/, 'permission_denied'],
  [/Input\/output error|Errno 5\b|os error 5\b/, 'disk_error'],
  [/index out of range in self/, 'token_out_of_range'],
  [/ModuleNotFoundError|ImportError/, 'import_error'],
  [/jinja2\.exceptions|TemplateError/, 'template_error'],
  [/Segmentation fault/, 'segmentation_fault'],
];
/** Nothing inside the process sends itself these. */
const FROM_OUTSIDE: readonly string[] = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGPWR'];
/** These lines name errors that did not happen. */
const ADVICE =
  /might be asynchronously reported|CUDA_LAUNCH_BLOCKING|Compile with `TORCH_USE_CUDA_DSA`|expandable_segments/;

export function classifyCrash(evidence: Evidence): Crash & { readonly message: string } {
  const found = (category: string, message: string): Crash & { readonly message: string } => {
    const known = crashTable.get(category) ?? crashTable.get('unknown');
    if (known === undefined) throw new Error('the crash table has no entry for unknown');
    return { ...known, message };
  };
  const { error, signal, exitCode } = evidence;
  const named = error === null ? null : crashOf(error.category);
  if (error !== null && named !== null && named.category !== 'unknown')
    return { ...named, message: error.message };
  if (signal === 'SIGSEGV' || signal === 'SIGBUS' || exitCode === 139)
    return found('segmentation_fault', `the trainer crashed (${signal ?? 'exit 139'})`);
  if (signal === 'SIGKILL' || exitCode === 137) {
    const byMemory = /out of memory|oom-kill/i.test(evidence.kernel);
    return byMemory
      ? found('host_out_of_memory', 'the system ran out of memory and killed the trainer')
      : found('killed_by_signal', 'the trainer was killed');
  }
  if (signal !== null && FROM_OUTSIDE.includes(signal))
    return found('killed_by_signal', `the trainer was killed by ${signal}`);
  const lines = `${error?.type ?? ''}: ${error?.message ?? ''}\n${evidence.log}`
    .split('\n')
    .filter((line) => !ADVICE.test(line));
  const text = lines.join('\n');
  for (const [pattern, category] of LOG_PATTERNS) {
    if (pattern.test(text))
      return found(category, lines.find((line) => pattern.test(line))?.trim() ?? category);
  }
  if (signal !== null) return found('killed_by_signal', `the trainer was killed by ${signal}`);
  // The exit code of an adopted trainer is unknown; without exit.json it was killed.
  if (exitCode === null && error === null)
    return found('killed_by_signal', 'the trainer disappeared without an exit code');
  return found(
    'unknown',
    error?.message ?? lines.filter((line) => line.trim() !== '').at(-1) ?? 'the log is empty',
  );
}
