/**
 * Endpoints that can be read without a token while `monitor.open_status` is on: numbers, states and
 * times, for `curl | jq`. With a credential they include texts as well.
 */
import { scriptStatus, withOldNames, withoutTexts } from '../contract/index.ts';
import type { EngineApi } from './engine-api.ts';

type PublicRoute = (engine: EngineApi, admitted: boolean) => Promise<unknown>;

const status = async (engine: EngineApi, admitted: boolean) => {
  const all = await engine.status.get(undefined);
  return admitted ? all : withoutTexts(all);
};
const memory: PublicRoute = async (engine) => engine.status.memory(undefined);

/** By path. The /status/ paths have the names of the status files in the workspace. */
export const publicRoutes: ReadonlyMap<string, PublicRoute> = new Map<string, PublicRoute>([
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

/** Routes of the memory statistics port, compatible with scripts for the predecessor. */
export const memoryRoutes: ReadonlyMap<string, PublicRoute> = new Map([
  ['/api/memory_stats', memory],
  ['/memory_stats', memory],
]);
