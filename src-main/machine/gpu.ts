/** The GPUs as the NVIDIA driver's own tool reports them, through one process that stays. */
import { execa } from 'execa';
import type { Clock } from '../kit/clock.ts';

export interface GpuReading {
  readonly uuid: string;
  /** In the order of the PCI bus, as nvidia-smi counts. */
  readonly index: number;
  readonly name: string;
  /** Percent. */
  readonly utilization: number | null;
  /** MiB. */
  readonly memoryUsedMb: number | null;
  readonly memoryTotalMb: number | null;
  /** Degrees Celsius. */
  readonly temperature: number | null;
  /** Watt. */
  readonly power: number | null;
  readonly driver: string | null;
  /** Compute capability, for example 8.6; null where the driver's tool doesn't report it. */
  readonly capability?: number | null;
}

/** `nvidia-smi --help-query-gpu` describes them. */
const QUERY =
  'uuid,index,name,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw,driver_version';
/** The tool of an older driver refuses the whole query because of it. */
const CAPABILITY = 'compute_cap';
const SECONDS_BETWEEN_REPORTS = 2;
/** A GPU that wasn't reported for this long is no longer shown. */
const SECONDS_FRESH = 10;
const SECONDS_TO_FIRST_REPORT = 10;
/** The lines of one report, one a GPU, come within this time. */
const SECONDS_OF_A_REPORT = 0.2;
const SECONDS_TO_RESTART = { first: 5, most: 60 };

/** One line of the query in CSV, without header and units; null when it is cut or a message. Pure. */
export function parseGpuLine(line: string): GpuReading | null {
  const fields = line.split(',').map((field) => field.trim());
  const count = QUERY.split(',').length;
  if (fields.length !== count && fields.length !== count + 1) return null;
  // A GPU answers with a word in brackets for what it doesn't measure: [N/A], [Not Supported].
  const [uuid, index, name, ...rest] = fields.map((field) =>
    field === '' || /^\[.*\]$/.test(field) || field === 'N/A' ? null : field,
  );
  if (uuid == null || !uuid.startsWith('GPU-') || index == null || name == null) return null;
  if (!/^\d+$/.test(index)) return null;
  const number = (at: number): number | null => {
    const value = Number(rest[at] ?? Number.NaN);
    return Number.isFinite(value) ? value : null;
  };
  return {
    uuid,
    index: Number(index),
    name,
    utilization: number(0),
    memoryUsedMb: number(1),
    memoryTotalMb: number(2),
    temperature: number(3),
    power: number(4),
    driver: rest[5] ?? null,
    capability: number(6),
  };
}

/** The GPUs that a Python process sees, in its order. `visible`: CUDA_VISIBLE_DEVICES. Pure. */
export function visibleGpus(
  gpus: readonly GpuReading[],
  visible: string | undefined,
): readonly GpuReading[] {
  if (visible === undefined || visible === '') return gpus;
  return visible.split(',').flatMap((name) => {
    const gpu = named(gpus, name.trim());
    return gpu === undefined ? [] : [gpu];
  });
}

const named = (gpus: readonly GpuReading[], name: string): GpuReading | undefined =>
  name === ''
    ? undefined
    : gpus.find(({ index, uuid }) => String(index) === name || uuid.startsWith(name));

/**
 * The GPU that `device` names (`cuda:1`, a UUID); the first one where it names none, null where it
 * names one that isn't there. Pure.
 */
export function gpuOf(
  gpus: readonly GpuReading[],
  device: string | null,
  visible: string | undefined = process.env['CUDA_VISIBLE_DEVICES'],
): GpuReading | null {
  const index = /^cuda:(\d+)$/.exec(device ?? '')?.[1];
  if (index === undefined)
    return gpus.find(({ uuid }) => uuid === device) ?? visibleGpus(gpus, visible)[0] ?? null;
  const names = visible === undefined || visible === '' ? null : visible.split(',');
  // One that doesn't answer at the moment keeps its number.
  return named(gpus, names === null ? index : (names[Number(index)]?.trim() ?? '')) ?? null;
}

export interface GpuReader {
  /** By index, at most 10 s old. */
  latest(): readonly GpuReading[];
  /** Resolves with the first report, or once it is clear that there is none. */
  ready(): Promise<void>;
  close(): void;
}

/** Starts the tool now. Where it doesn't exist it isn't tried again; one that exits is, ever more slowly. */
export function createGpuReader(options: {
  readonly clock: Clock;
  readonly command: string;
}): GpuReader {
  const { clock } = options;
  const readings = new Map<string, { readonly reading: GpuReading; readonly t: number }>();
  const stop = new AbortController();
  let wait = SECONDS_TO_RESTART.first;
  let query = `${QUERY},${CAPABILITY}`;
  let cancelRestart = (): void => undefined;
  let setReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    setReady = resolve;
  });
  const timers = [clock.after(SECONDS_TO_FIRST_REPORT, setReady)];

  function take(line: string): void {
    const reading = parseGpuLine(line);
    if (reading === null) return;
    if (readings.size === 0) timers.push(clock.after(SECONDS_OF_A_REPORT, setReady));
    readings.set(reading.uuid, { reading, t: clock.monotonic() });
    wait = SECONDS_TO_RESTART.first;
  }

  /** True when the tool exists on this machine. */
  async function read(): Promise<boolean> {
    const child = execa(
      options.command,
      [
        `--query-gpu=${query}`,
        '--format=csv,noheader,nounits',
        '-l',
        String(SECONDS_BETWEEN_REPORTS),
      ],
      {
        stdin: 'ignore',
        stderr: 'ignore',
        buffer: false,
        reject: false,
        cancelSignal: stop.signal,
      },
    );
    for await (const line of child) take(line);
    const result = await child;
    return !(result.failed && result.code === 'ENOENT');
  }

  async function run(): Promise<void> {
    const exists = await read().catch(() => true);
    if (!exists || stop.signal.aborted) {
      setReady();
      return;
    }
    if (readings.size === 0 && query !== QUERY) {
      query = QUERY;
      void run();
      return;
    }
    setReady();
    cancelRestart = clock.after(wait, () => void run());
    wait = Math.min(SECONDS_TO_RESTART.most, wait * 2);
  }
  void run();

  return {
    latest() {
      const now = clock.monotonic();
      return [...readings.values()]
        .filter(({ t }) => now - t < SECONDS_FRESH)
        .map(({ reading }) => reading)
        .sort((a, b) => a.index - b.index);
    },
    ready: () => ready,
    close() {
      stop.abort();
      cancelRestart();
      for (const cancel of timers) cancel();
      setReady();
    },
  };
}
