/**
 * Trainer: launches, adopts, observes and stops the one trainer of this workspace, and runs every other Python worker.
 * Promises: a trainer that dies or hangs goes on from the newest verified checkpoint within the rules' bounds; a live one is never started twice.
 * Never: reads "training" from an old file, trusts a bare pid, ends a trainer because the engine ends.
 */
export { classifyCrash } from './classify.ts';
export { decideAfterExit } from './decide.ts';
export { decideHang } from './hang.ts';
export { readLogEnd } from './run-files.ts';
export { createTrainer } from './supervisor.ts';
export { type DeviceFacts, resolveForMachine } from './spec.ts';
export type {
  ExitFile,
  Heartbeat,
  PassOutcome,
  PassRequest,
  PythonFacts,
  TrainerEvent,
  TrainerRoom,
  TrainerView,
  Verb,
  WorkerResult,
} from './types.ts';
