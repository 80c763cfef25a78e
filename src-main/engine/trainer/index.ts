/**
 * Trainer: launches, adopts, supervises and stops the one trainer of this workspace, and runs every other Python worker.
 * Promises: a trainer that dies or hangs is restarted from the newest verified checkpoint within the limits of the config; a live one is never started twice.
 * Never: reports "training" from an old file, trusts a pid without its start token, ends a trainer because the engine ends.
 */
export { classifyCrash } from './classify-crash.ts';
export { decideHang } from './hang-rules.ts';
export { decideAfterExit } from './restart-rules.ts';
export { readLogEnd } from './run-files.ts';
export { createTrainer } from './supervisor.ts';
export { type DeviceFacts, resolveForMachine } from './spec.ts';
export type {
  Halt,
  HeartbeatView,
  LiveWorker,
  PassOutcome,
  PassRequest,
  PythonFacts,
  TrainerEvent,
  TrainerRoom,
  TrainerView,
  WorkerResult,
} from './types.ts';
