/** `status/memory_stats.json` and `status/monitoring_costs.json`: written for scripts that read files, every ten seconds. */
import path from 'node:path';
import type { MemoryStats, MonitoringCosts } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

const secondsBetween = 10;

/** Answers how to stop. What cannot be written is reported; the next turn tries again. */
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
  return options.clock.every(secondsBetween, write);
}
