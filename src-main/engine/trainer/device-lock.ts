/**
 * Whether another trainer holds a device of this machine: looked at before a trainer is started,
 * which would load for seconds only to find out. What the lock files mean is known to Python alone.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Config } from '../../contract/index.ts';
import { deviceCheck, parseJson } from '../../formats/index.ts';
import { isTemporary } from '../../kit/system-errors.ts';
import { type GpuReading, visibleGpus } from '../../machine/index.ts';
import { environmentFor } from './launch.ts';
import { resolveForMachine } from './spec.ts';
import type { TrainerOptions } from './context.ts';

const run = promisify(execFile);
const CHECK_MILLISECONDS = 10_000;

/**
 * Names of the locks that a trainer will take. Empty when the GPU is not known: then the trainer
 * finds out itself. `visible`: CUDA_VISIBLE_DEVICES, which renumbers the GPUs. Pure.
 */
export function deviceLockNames(
  device: string,
  processes: number,
  gpus: readonly GpuReading[],
  visible: string | undefined,
): readonly string[] {
  if (device === 'cpu') return ['cpu'];
  const order = visibleGpus(gpus, visible);
  const number = /^cuda:(\d+)$/.exec(device)?.[1];
  const first =
    number === undefined ? order.findIndex(({ uuid }) => uuid === device) : Number(number);
  return first < 0 ? [] : order.slice(first, first + processes).map(({ uuid }) => uuid);
}

/** `waiting for cuda:0, held by pid 7 of workspace /w`; null when nothing is known to hold it. */
export async function findDeviceHolder(
  context: Pick<TrainerOptions, 'machine' | 'python'>,
  config: Config,
): Promise<string | null> {
  const { device } = resolveForMachine(config, await context.machine.facts());
  const gpus = device === 'cpu' ? [] : ((await context.machine.knownGpus()) ?? []);
  const visible = process.env['CUDA_VISIBLE_DEVICES'];
  const names = deviceLockNames(device, config.world_size, gpus, visible);
  if (names.length === 0) return null;
  try {
    const python = await context.python();
    // Without site-packages, which a check does not need: it takes 20 ms.
    const { stdout } = await run(
      python.executable,
      ['-S', '-m', 'nightshift_trainer.device_locks', ...names],
      { env: environmentFor('train', process.env, python), timeout: CHECK_MILLISECONDS },
    );
    const answer = parseJson(stdout);
    const checked = deviceCheck.safeParse(answer.ok ? answer.value : null);
    const [holder] = checked.success ? checked.data.held : [];
    return holder === undefined ? null : `waiting for ${device}, ${holder.text}`;
  } catch (error) {
    if (isTemporary(error))
      return `waiting for ${device}: its lock can't be checked now (${(error as Error).message})`;
    // Python can't be started: the trainer's own start says so, with its reason.
    return null;
  }
}
