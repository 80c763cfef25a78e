/** Every format in one list, in the order in which docs/protocol.md shows them. */
import { answersFile } from './answers.ts';
import { backupFile, backupManifest } from './backup.ts';
import { baseFile, cacheFile, cacheTexts, coreFile, coreRecords } from './base-model.ts';
import { checkpointLeases, checkpointManifest, trainerStateFile } from './checkpoint.ts';
import { commandFile } from './commands.ts';
import { stagedConfigFile } from './config-file.ts';
import { metaFile } from './dataset.ts';
import { rejectedFile, reportFile, splitFile } from './dataset-report.ts';
import type { FileFormat, LineFormat } from './document.ts';
import { dailyFile, noticesFile, queueFile, sessionsFile } from './engine-state.ts';
import { eventsFile } from './events.ts';
import { intakeAnswer, intakeRequest } from './intake-host.ts';
import { journalFile } from './journal.ts';
import { ledgerFile } from './ledger.ts';
import { lineageFile } from './lineage.ts';
import { deviceLock, engineLock, trainerLock } from './locks.ts';
import { metricsLine } from './metrics.ts';
import { cursorFile, estimateFile, passFile } from './pass.ts';
import { restoreIntent } from './restore-intent.ts';
import { evaluationResultFile, exitFile, heartbeatFile, processFile } from './run.ts';
import { specFiles } from './spec.ts';
import { memoryStatsFile, monitoringCostsFile, trainingStatusFile } from './status-files.ts';
import { uploadPartFile } from './upload.ts';
import { versionFile, versionManifest, versionNumbersFile } from './version.ts';

/** By the name of its JSON Schema file in docs/schema/. */
export const formats = {
  'spec-train': specFiles.train,
  'spec-intake': specFiles.intake,
  'spec-base': specFiles.base,
  'spec-sample': specFiles.sample,
  'spec-evaluate': specFiles.evaluate,
  'spec-verify': specFiles.verify,
  'spec-stage': specFiles.stage,
  'spec-chat': specFiles.chat,
  command: commandFile,
  heartbeat: heartbeatFile,
  event: eventsFile,
  metrics: metricsLine,
  exit: exitFile,
  process: processFile,
  'intake-request': intakeRequest,
  'intake-answer': intakeAnswer,
  'evaluation-result': evaluationResultFile,
  meta: metaFile,
  report: reportFile,
  rejected: rejectedFile,
  split: splitFile,
  pass: passFile,
  estimate: estimateFile,
  cursor: cursorFile,
  ledger: ledgerFile,
  answers: answersFile,
  cache: cacheFile,
  'cache-texts': cacheTexts,
  core: coreFile,
  'core-records': coreRecords,
  'checkpoint-manifest': checkpointManifest,
  'trainer-state': trainerStateFile,
  lineage: lineageFile,
  'restore-intent': restoreIntent,
  'checkpoint-leases': checkpointLeases,
  base: baseFile,
  version: versionFile,
  'version-manifest': versionManifest,
  'version-numbers': versionNumbersFile,
  backup: backupFile,
  'backup-manifest': backupManifest,
  'staged-config': stagedConfigFile,
  queue: queueFile,
  notices: noticesFile,
  daily: dailyFile,
  sessions: sessionsFile,
  journal: journalFile,
  'upload-part': uploadPartFile,
  'engine-lock': engineLock,
  'trainer-lock': trainerLock,
  'device-lock': deviceLock,
  'training-status': trainingStatusFile,
  'memory-stats': memoryStatsFile,
  'monitoring-costs': monitoringCostsFile,
} as const;
export type FormatName = keyof typeof formats;

/** Without the types of the values: for what treats all of them alike. */
export const formatList = Object.entries(formats) as readonly (readonly [
  FormatName,
  FileFormat<unknown> | LineFormat<unknown>,
])[];
