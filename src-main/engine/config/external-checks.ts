/**
 * Checks what a setting names outside of the file, so that the next pass doesn't fail hours later.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { readRegularText } from '../../kit/regular-file.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

/** What is wrong, and what to do. */
export interface ExternalProblem {
  readonly text: string;
  readonly next: string;
}

/** Null: nothing is wrong, or it can't be checked. */
export type ExternalCheck = (key: string, value: unknown) => Promise<ExternalProblem | null>;

export interface ExternalCheckOptions {
  readonly paths: WorkspacePaths;
  /** Null: a driver is installed but doesn't respond. */
  readonly gpus: () => Promise<readonly { readonly index: number; readonly uuid: string }[] | null>;
  /** The port of this engine's own server. */
  readonly ownPort: () => number;
}

async function baseProblem(paths: WorkspacePaths, id: string): Promise<ExternalProblem | null> {
  if (id === '') return null;
  const folder = paths.base(id);
  const others = (await readdir(paths.models, { withFileTypes: true }).catch(unlessTemporary([])))
    .filter(
      (entry) => entry.isDirectory() && existsSync(paths.base(path.join(entry.name, 'base.json'))),
    )
    .map((entry) => entry.name);
  const next =
    others.length === 0
      ? `Create a base model first, in the app or with \`nightshift base add\`.`
      : `Available: ${others.join(', ')}.`;
  if (path.dirname(folder) !== paths.models)
    return { text: `base_model ${id} is not a folder in ${paths.models}.`, next };
  for (const name of ['base.json', 'config.json']) {
    try {
      JSON.parse(await readRegularText(path.join(folder, name)));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      const why = code === 'ENOENT' ? 'is missing' : `can't be read (${code ?? 'not valid JSON'})`;
      return { text: `base_model ${id}: ${path.join(folder, name)} ${why}.`, next };
    }
  }
  return null;
}

async function deviceProblem(
  options: ExternalCheckOptions,
  device: string,
): Promise<ExternalProblem | null> {
  if (device === 'auto' || device === 'cpu') return null;
  const gpus = await options.gpus();
  if (gpus === null) return null;
  const index = /^cuda:(\d+)$/.exec(device)?.[1];
  if (gpus.some((gpu) => (index === undefined ? gpu.uuid === device : gpu.index === Number(index))))
    return null;
  const known = gpus.map((gpu) => `cuda:${String(gpu.index)} (${gpu.uuid})`);
  return {
    text:
      gpus.length === 0
        ? `device ${device}: the driver reports no NVIDIA GPU on this machine.`
        : `device ${device}: this machine has no such GPU.`,
    next:
      gpus.length === 0
        ? 'Set it to cpu or auto, or install the driver and restart the engine.'
        : `Set it to auto, cpu, or one of ${known.join(', ')}.`,
  };
}

async function processesProblem(
  options: ExternalCheckOptions,
  processes: number,
): Promise<ExternalProblem | null> {
  if (process.platform === 'win32' && processes > 1)
    return {
      text: `world_size ${String(processes)}: Windows can't train with several processes.`,
      next: 'Set it to 1.',
    };
  const count = (await options.gpus())?.length ?? 0;
  // Without a GPU the processes share the CPU.
  if (count === 0 || processes <= count) return null;
  return {
    text: `world_size ${String(processes)}: this machine has ${String(count)} ${count === 1 ? 'GPU' : 'GPUs'}, and each process needs one.`,
    next: `Set it to ${String(count)} or less.`,
  };
}

async function portProblem(port: number): Promise<ExternalProblem | null> {
  const code = await new Promise<string | null>((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? 'unknown');
    });
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(null)));
  });
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return null;
  return {
    text:
      code === 'EACCES'
        ? `monitor.port ${String(port)}: no permission to open this port on 127.0.0.1.`
        : `monitor.port ${String(port)} is already in use on 127.0.0.1.`,
    next: 'Set it to a free port between 1024 and 65535, or stop the program that uses it.',
  };
}

export function createExternalCheck(options: ExternalCheckOptions): ExternalCheck {
  return async (key, value) => {
    if (key === 'base_model' && typeof value === 'string') return baseProblem(options.paths, value);
    if (key === 'device' && typeof value === 'string') return deviceProblem(options, value);
    if (key === 'world_size' && typeof value === 'number') return processesProblem(options, value);
    if (key === 'monitor.port' && typeof value === 'number' && value !== options.ownPort())
      return portProblem(value);
    return null;
  };
}
