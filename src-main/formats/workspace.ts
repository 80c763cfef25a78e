/** Every path of a workspace. No other file spells one. */
import path from 'node:path';

export type WorkspacePaths = ReturnType<typeof workspacePaths>;

export function workspacePaths(root: string) {
  const at = (...parts: string[]): string => path.join(root, ...parts);
  return {
    root,
    config: at('config.json'),
    inbox: at('inbox'),
    inboxPart: at('inbox', '.part'),
    queue: {
      high: at('queue', 'high'),
      normal: at('queue', 'normal'),
      low: at('queue', 'low'),
      processing: at('queue', 'processing'),
      completed: at('queue', 'completed'),
      failed: at('queue', 'failed'),
      skipped: at('queue', 'skipped'),
    },
    data: at('data'),
    datasets: at('data', 'datasets'),
    dataset: (id: string): string => at('data', 'datasets', id),
    validationCore: at('data', 'validation', 'core'),
    queueState: at('data', 'queue.json'),
    stagedConfig: at('data', 'staged-config.json'),
    daily: at('data', 'daily.json'),
    notices: at('data', 'notices.json'),
    sample: at('data', 'sample'),
    runs: at('runs'),
    run: (id: string): string => at('runs', id),
    models: at('models'),
    base: (id: string): string => at('models', id),
    versions: at('models', 'versions'),
    versionTrash: at('models', 'versions', '.trash'),
    versionNumbers: at('models', 'versions', 'numbers.json'),
    backups: at('models', 'backups'),
    currentModel: at('current_model'),
    lineage: at('current_model', 'lineage.json'),
    restoreIntent: at('current_model', 'restore.json'),
    heldCheckpoints: at('current_model', 'held.json'),
    branches: at('current_model', 'checkpoints'),
    checkpoints: (branch: string): string => at('current_model', 'checkpoints', branch),
    logs: at('logs'),
    journal: at('journal'),
    status: at('status'),
    trainingStatus: at('status', 'training_status.json'),
    memoryStats: at('status', 'memory_stats.json'),
    monitoringCosts: at('status', 'monitoring_costs.json'),
    lastGoodConfig: at('status', 'config.last-good.json'),
    engineLock: at('.engine.lock'),
    trainerLock: at('.trainer.lock'),
    stopFile: at('.stop'),
    token: at('.engine.token'),
    sessions: at('.engine.sessions'),
  } as const;
}

/** Its fixed folders, parents first, but `models/backups`, which may lie on another disk. */
export function workspaceFolders(paths: WorkspacePaths): readonly string[] {
  const { inbox, inboxPart, queue, data, datasets, validationCore, runs, models, versions } = paths;
  return [
    ...[inbox, inboxPart, path.dirname(queue.high), ...Object.values(queue), data, datasets],
    ...[path.dirname(validationCore), validationCore, runs, models, versions, paths.versionTrash],
    ...[paths.currentModel, paths.branches, paths.logs, paths.journal, paths.status],
  ];
}
