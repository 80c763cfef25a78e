/** Keys that name something outside the file: looked at when they are set, so that the next pass does not fail on them hours later. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import type { WorkspacePaths } from '../../kit/workspace.ts';

/** What is missing and where, and what can be done. */
export interface PlaceProblem {
  readonly text: string;
  readonly next: string;
}

/** null: it is there, or nobody can tell. */
export type PlaceCheck = (key: string, value: unknown) => Promise<PlaceProblem | null>;

export interface Places {
  readonly paths: WorkspacePaths;
  /** null: a driver is installed but doesn't answer. */
  readonly gpus: () => Promise<readonly { readonly index: number; readonly uuid: string }[] | null>;
  /** The port that this engine's own server has. */
  readonly ownPort: () => number;
}

async function baseProblem(paths: WorkspacePaths, id: string): Promise<PlaceProblem | null> {
  if (id === '') return null;
  const folder = paths.base(id);
  const others = (await readdir(paths.models, { withFileTypes: true }).catch(() => []))
    .filter(
      (entry) => entry.isDirectory() && existsSync(paths.base(path.join(entry.name, 'base.json'))),
    )
    .map((entry) => entry.name);
  const next =
    others.length === 0
      ? `Make a base first; it then lies in ${paths.models}.`
      : `Name one that is there: ${others.join(', ')}.`;
  if (path.dirname(folder) !== paths.models)
    return { text: `base_model ${id} is not the name of a folder in ${paths.models}.`, next };
  for (const name of ['base.json', 'config.json']) {
    try {
      JSON.parse(await readFile(path.join(folder, name), 'utf8'));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      const why = code === 'ENOENT' ? 'is missing' : `cannot be read (${code ?? 'it is not JSON'})`;
      return { text: `base_model ${id}: ${path.join(folder, name)} ${why}.`, next };
    }
  }
  return null;
}

async function deviceProblem(places: Places, device: string): Promise<PlaceProblem | null> {
  if (device === 'auto' || device === 'cpu') return null;
  const gpus = await places.gpus();
  if (gpus === null) return null;
  const index = /^cuda:(\d+)$/.exec(device)?.[1];
  if (gpus.some((gpu) => (index === undefined ? gpu.uuid === device : gpu.index === Number(index))))
    return null;
  const known = gpus.map((gpu) => `cuda:${String(gpu.index)} (${gpu.uuid})`);
  return {
    text:
      gpus.length === 0
        ? `device ${device}: the driver of this machine reports no NVIDIA GPU.`
        : `device ${device}: this machine has no such GPU.`,
    next:
      gpus.length === 0
        ? 'Set it to cpu or auto, or install the driver and start the engine again.'
        : `Set it to auto, cpu, or one of ${known.join(', ')}.`,
  };
}

async function processesProblem(places: Places, processes: number): Promise<PlaceProblem | null> {
  const count = (await places.gpus())?.length ?? 0;
  // Without a GPU they share the processor.
  if (count === 0 || processes <= count) return null;
  return {
    text: `world_size ${String(processes)}: this machine has ${String(count)} ${count === 1 ? 'GPU' : 'GPUs'}, and each process needs one.`,
    next: `Set it to ${String(count)} or less.`,
  };
}

async function portProblem(port: number): Promise<PlaceProblem | null> {
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
        ? `monitor.port ${String(port)}: this account may not open that port on 127.0.0.1.`
        : `monitor.port ${String(port)} on 127.0.0.1 is taken by another program.`,
    next: 'Name a free port between 1024 and 65535, or end the program that has it.',
  };
}

export function createPlaceCheck(places: Places): PlaceCheck {
  return async (key, value) => {
    if (key === 'base_model' && typeof value === 'string') return baseProblem(places.paths, value);
    if (key === 'device' && typeof value === 'string') return deviceProblem(places, value);
    if (key === 'world_size' && typeof value === 'number') return processesProblem(places, value);
    if (key === 'monitor.port' && typeof value === 'number' && value !== places.ownPort())
      return portProblem(value);
    return null;
  };
}
