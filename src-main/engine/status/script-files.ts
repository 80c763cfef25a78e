/** Writes `status/memory_stats.json` and `status/monitoring_costs.json` for scripts. */
import path from 'node:path';
import type { MemoryStats, MonitoringCosts } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

const SECONDS_BETWEEN_WRITES = 10;

/** Returns a function that stops it. A failed write is reported and tried again the next time. */
export function writeScriptFiles(options: {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
  readonly memory: () => MemoryStats;
  readonly costs: () => Promise<MonitoringCosts>;
  readonly failed: (where: string, error: unknown) => void;
}): () => void {
  const write = async (): Promise<void> => {
    try {
      await writeJson(path.join(options.paths.status, 'memory_stats.json'), options.memory());
      await writeJson(
        path.join(options.paths.status, 'monitoring_costs.json'),
        await options.costs(),
      );
    } catch (error) {
      options.failed('status.files', error);
    }
  };
  void write();
  return options.clock.every(SECONDS_BETWEEN_WRITES, write);
}
