/**
 * Quitting: asks what happens to running training, then ends the engine if this application started
 * it.
 */
import { app, dialog, powerMonitor } from 'electron';
import { CONTRACT_VERSION } from '../contract/index.ts';
import { quitQuestion } from './quit.ts';
import type { Connection, Supervisor } from './supervisor/index.ts';
import { isWorking } from './tray-status.ts';

export interface QuitFlow {
  /**
   * True once the application is quitting: closing the window then closes it instead of hiding it.
   */
  readonly isQuitting: () => boolean;
  /**
   * False while quitting waits for the user or the engine; once they are done, the application
   * quits automatically.
   */
  readonly mayQuit: () => boolean;
  /** Asks the user what to do about an engine of another contract version. */
  readonly resolveContractMismatch: (connection: Connection) => Promise<void>;
}

export interface QuitFlowOptions {
  readonly supervisor: () => Supervisor;
  /** The pid of the engine that this application started; null if it started none. */
  readonly startedEnginePid: () => number | null;
  /** Measured duration of a stop with a checkpoint; null if unknown. */
  readonly stopSeconds: () => number | null;
  readonly onQuit: () => void;
  /** The user chose not to quit. */
  readonly onCancel: () => void;
}

const STOP_LIMIT_MS = 180_000;

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

export function createQuitFlow(options: QuitFlowOptions): QuitFlow {
  let isQuitting = false;
  let isAsking = false;

  const quit = (): void => {
    isQuitting = true;
    options.supervisor().close();
    options.onQuit();
    app.quit();
  };

  const askAndQuit = async (): Promise<void> => {
    const status = options.supervisor().rooms()?.status ?? null;
    const question = quitQuestion(status, options.stopSeconds());
    if (question !== null) {
      const { response } = await dialog.showMessageBox({
        type: 'question',
        message: question.message,
        detail: question.detail,
        buttons: [...question.buttons],
        defaultId: 0,
        cancelId: question.answers.indexOf('cancel'),
        noLink: true,
      });
      const answer = question.answers[response] ?? 'cancel';
      if (answer === 'cancel') {
        options.onCancel();
        return;
      }
      if (answer === 'keep') {
        quit();
        return;
      }
      await stopTraining(options.supervisor());
    }
    await endEngine(options.supervisor(), options.startedEnginePid());
    quit();
  };

  // At a system shutdown nothing is asked. The system ends engine and trainer; training resumes at
  // the next start.
  powerMonitor.on('shutdown', () => {
    isQuitting = true;
  });

  return {
    isQuitting: () => isQuitting,
    mayQuit() {
      if (isQuitting) return true;
      if (isAsking) return false;
      isAsking = true;
      askAndQuit()
        .catch((error: unknown) => {
          dialog.showErrorBox('Nightshift could not quit', messageOf(error));
        })
        .finally(() => {
          isAsking = false;
        });
      return false;
    },
    async resolveContractMismatch(connection) {
      if (connection.kind !== 'older' && connection.kind !== 'newer') return;
      if (!(await confirmRestart(connection.kind, connection.engine.contract))) {
        quit();
        return;
      }
      await options
        .supervisor()
        .restartEngine()
        .catch((error: unknown) => {
          dialog.showErrorBox('The engine could not be restarted', messageOf(error));
        });
    },
  };
}

/**
 * Ends the engine only if this application started it; one started by `nightshift serve` keeps
 * running.
 */
async function endEngine(supervisor: Supervisor, startedPid: number | null): Promise<void> {
  const connection = supervisor.connection();
  if (connection.kind === 'attached' && connection.engine.pid === startedPid)
    await supervisor.shutDownEngine();
}

async function stopTraining(supervisor: Supervisor): Promise<void> {
  await supervisor.client()?.training.stop({ now: true, by: 'you (window)' });
  for (const end = Date.now() + STOP_LIMIT_MS; Date.now() < end;) {
    const status = supervisor.rooms()?.status;
    if (status !== undefined && !isWorking(status)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(
    `The trainer did not stop within ${String(STOP_LIMIT_MS / 1000)} s. It keeps running in the background.`,
  );
}

/** True if the user chose to restart the engine; only offered for an older one. */
async function confirmRestart(kind: 'older' | 'newer', contract: number): Promise<boolean> {
  const isOlder = kind === 'older';
  const next = isOlder
    ? 'Restarting the engine updates it; training is not affected.'
    : 'Open it with a newer version of Nightshift. Training continues.';
  const answer = await dialog.showMessageBox({
    type: 'info',
    message: `The engine of this workspace is ${kind} than this window`,
    detail: `It uses contract version ${String(contract)}, this window uses ${String(CONTRACT_VERSION)}. ${next}`,
    buttons: isOlder ? ['Restart engine (training is not affected)', 'Quit'] : ['Quit'],
    defaultId: 0,
    cancelId: isOlder ? 1 : 0,
    noLink: true,
  });
  return isOlder && answer.response === 0;
}
