/** Every JSON file of a workspace with its format, for whoever looks for damage. Only reads. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { unlessTemporary } from '../kit/system-errors.ts';
import { answersFile } from './answers.ts';
import { backupFile, backupManifest } from './backup.ts';
import { baseFile, cacheFile, coreFile, coreRecords } from './base-model.ts';
import {
  checkpointLeases,
  checkpointManifest,
  checkpointStep,
  trainerStateFile,
} from './checkpoint.ts';
import { stagedConfigFile } from './config-file.ts';
import { metaFile } from './dataset.ts';
import { rejectedFile, reportFile, splitFile } from './dataset-report.ts';
import type { FileFormat, LineFormat } from './document.ts';
import { dailyFile, noticesFile, queueFile, sessionsFile } from './engine-state.ts';
import { eventsFile } from './events.ts';
import { lastGoodOf } from './files.ts';
import {
  listBackupFolders,
  listBranchFolders,
  listFolders,
  listVersionFolders,
} from './folders.ts';
import { isJournalFileName, journalFile } from './journal.ts';
import { ledgerFile } from './ledger.ts';
import { lineageFile } from './lineage.ts';
import { metricsLine } from './metrics.ts';
import { cursorFile, estimateFile, passFile } from './pass.ts';
import { restoreIntent } from './restore-intent.ts';
import { exitFile, isTrainRun, processFile } from './run.ts';
import { specFiles } from './spec.ts';
import { memoryStatsFile, monitoringCostsFile, trainingStatusFile } from './status-files.ts';
import { versionFile, versionManifest, versionNumbersFile } from './version.ts';
import type { WorkspacePaths } from './workspace.ts';

export interface WorkspaceFile {
  readonly file: string;
  readonly format: FileFormat<unknown> | LineFormat<unknown>;
  /** The engine writes it again, so what it held is lost unless it is kept before. */
  readonly isRewritten: boolean;
  /** It is written again even if it can't be read, which may pass: then it is moved out of the way. */
  readonly isReplaceable: boolean;
}

type Named = readonly (readonly [name: string, format: WorkspaceFile['format']])[];

const OF_DATASETS: Named = [
  ['report.json', reportFile],
  ['split.json', splitFile],
  ['cursor.json', cursorFile],
  ['estimate.json', estimateFile],
  ['rejected.jsonl', rejectedFile],
  ['answers.jsonl', answersFile],
  ['ledger.jsonl', ledgerFile],
];
const OF_RUNS: Named = [
  ['exit.json', exitFile],
  ['process.json', processFile],
  ['events.jsonl', eventsFile],
  ['metrics.jsonl', metricsLine],
];

const inFolder = (folder: string, names: Named, isRewritten = false): WorkspaceFile[] =>
  names.map(([name, format]) => ({
    ...{ file: path.join(folder, name), format, isRewritten },
    isReplaceable: false,
  }));

async function folders(folder: string): Promise<string[]> {
  const names = await listFolders(folder, (name) => !name.startsWith('.'));
  return names.map((name) => path.join(folder, name));
}

/** What a start reads first, and what describes the models. A missing file is in the list, too. */
export async function listStateFiles(paths: WorkspacePaths): Promise<readonly WorkspaceFile[]> {
  const written: readonly (readonly [string, WorkspaceFile['format']])[] = [
    [paths.lineage, lineageFile],
    [paths.restoreIntent, restoreIntent],
    [paths.heldCheckpoints, checkpointLeases],
    [paths.queueState, queueFile],
    [paths.stagedConfig, stagedConfigFile],
    [paths.daily, dailyFile],
    [paths.notices, noticesFile],
    [paths.versionNumbers, versionNumbersFile],
  ];
  const files: WorkspaceFile[] = written.map(([file, format]) => ({
    ...{ file, format },
    isRewritten: true,
    isReplaceable: file !== paths.lineage && file !== paths.restoreIntent,
  }));
  for (const [file, format] of [
    [lastGoodOf(paths.lineage), lineageFile],
    [paths.sessions, sessionsFile],
    [paths.trainingStatus, trainingStatusFile],
    [paths.memoryStats, memoryStatsFile],
    [paths.monitoringCosts, monitoringCostsFile],
  ] as const)
    files.push({ file, format, isRewritten: false, isReplaceable: false });
  files.push(
    ...inFolder(paths.validationCore, [
      ['core.json', coreFile],
      ['records.jsonl', coreRecords],
    ]),
  );
  for (const name of await listVersionFolders(paths))
    files.push(
      ...inFolder(path.join(paths.versions, name), [
        ['version.json', versionFile],
        ['manifest.json', versionManifest],
      ]),
    );
  for (const { folder } of await listBackupFolders(paths))
    files.push(
      ...inFolder(folder, [
        ['backup.json', backupFile],
        ['manifest.json', backupManifest],
      ]),
    );
  for (const folder of await folders(paths.models))
    if (folder !== paths.versions && folder !== paths.backups)
      files.push(...inFolder(folder, [['base.json', baseFile]]));
  for (const branch of await listBranchFolders(paths))
    for (const folder of await folders(paths.checkpoints(branch)))
      if (checkpointStep(path.basename(folder)) !== null)
        files.push(
          ...inFolder(folder, [
            ['manifest.json', checkpointManifest],
            ['state.json', trainerStateFile],
          ]),
        );
  return files;
}

/** Those of datasets, runs and the journal. */
export async function listHistoryFiles(paths: WorkspacePaths): Promise<readonly WorkspaceFile[]> {
  const files: WorkspaceFile[] = [];
  for (const folder of await folders(paths.datasets)) {
    const written: Named = [
      ['meta.json', metaFile],
      ['pass.json', passFile],
    ];
    files.push(...inFolder(folder, written, true), ...inFolder(folder, OF_DATASETS));
    for (const cache of await folders(path.join(folder, 'cache')))
      files.push(...inFolder(cache, [['cache.json', cacheFile]]));
  }
  for (const folder of await folders(paths.runs)) {
    files.push(...inFolder(folder, OF_RUNS));
    if (isTrainRun(path.basename(folder)))
      files.push(...inFolder(folder, [['spec.json', specFiles.train]]));
  }
  for (const name of await readdir(paths.journal).catch(unlessTemporary([])))
    if (isJournalFileName(name)) files.push(...inFolder(paths.journal, [[name, journalFile]]));
  return files;
}
