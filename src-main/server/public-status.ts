/**
 * What may be read on loopback without a token while `monitor.open_status` is on: numbers, states and times, for `curl | jq`. With a
 * proof the same addresses answer the texts as well.
 */
import { scriptStatus, withOldNames, withoutTexts } from '../contract/index.ts';
import type { EngineDoor } from './engine-api.ts';

type OpenAnswer = (engine: EngineDoor, admitted: boolean) => Promise<unknown>;

const status = async (engine: EngineDoor, admitted: boolean) => {
  const all = await engine.status.get(undefined);
  return admitted ? all : withoutTexts(all);
};
const memory: OpenAnswer = async (engine) => engine.status.memory(undefined);

/** By path; the second name of an answer is that of the file in the workspace. */
export const openAnswers: ReadonlyMap<string, OpenAnswer> = new Map<string, OpenAnswer>([
  ['/api/status', async (engine, admitted) => withOldNames(await status(engine, admitted))],
  [
    '/status/training_status.json',
    async (engine, admitted) => scriptStatus(await status(engine, admitted)),
  ],
  ['/api/machine', async (engine) => engine.status.machine(undefined)],
  ['/api/gpu_stats', async (engine) => engine.status.gpu(undefined)],
  ['/api/memory_stats', memory],
  ['/status/memory_stats.json', memory],
  ['/status/monitoring_costs.json', async (engine) => engine.health.monitoring(undefined)],
]);

/** The port for memory alone, as scripts of the system before this one know it. */
export const memoryAnswers: ReadonlyMap<string, OpenAnswer> = new Map([
  ['/api/memory_stats', memory],
  ['/memory_stats', memory],
]);
