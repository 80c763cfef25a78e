/** `status/memory_stats.json` and `status/monitoring_costs.json`: written for scripts that read files, every ten seconds. */
import path from 'node:path';
import type { MemoryStats, MonitoringCosts } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';

const secondsBetween = 10;

/** Answers how to stop. What cannot be written is reported; the next turn tries again. */
export function writeScriptFiles(o: {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
  readonly memory: () => MemoryStats;
  readonly costs: () => Promise<MonitoringCosts>;
  readonly failed: (where: string, error: unknown) => void;
}): () => void {
  const write = async (): Promise<void> => {
    try {
      await writeJson(path.join(o.paths.status, 'memory_stats.json'), o.memory());
      await writeJson(path.join(o.paths.status, 'monitoring_costs.json'), await o.costs());
    } catch (error) {
      o.failed('status.files', error);
    }
  };
  void write();
  return o.clock.every(secondsBetween, write);
}
