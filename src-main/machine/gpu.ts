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
}

/** `nvidia-smi --help-query-gpu` describes them. */
const QUERY =
  'uuid,index,name,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw,driver_version';
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
  if (fields.length !== QUERY.split(',').length) return null;
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
  };
}

/** The GPU that `device` names (`cuda:1`, a UUID), else the first; null when there is none. Pure. */
export function gpuOf(gpus: readonly GpuReading[], device: string | null): GpuReading | null {
  const index = /^cuda:(\d+)$/.exec(device ?? '')?.[1];
  const named = gpus.find((gpu) =>
    index === undefined ? gpu.uuid === device : gpu.index === Number(index),
  );
  return named ?? gpus[0] ?? null;
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
        `--query-gpu=${QUERY}`,
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
    setReady();
    if (!exists || stop.signal.aborted) return;
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
