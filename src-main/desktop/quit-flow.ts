/** Going away: what is asked, what ends with the window and what goes on. */
import { app, dialog, powerMonitor } from 'electron';
import { CONTRACT_VERSION } from '../contract/index.ts';
import { quitQuestion } from './quit.ts';
import { isWorking } from './tray-status.ts';
import type { Connection, Supervisor } from './supervisor/index.ts';

export interface Departure {
  /** True once nothing holds the application any more: then closing the window closes it. */
  readonly leaving: () => boolean;
  /** Whether quitting may go on now; if not, the question has been put and quitting comes again by itself. */
  readonly mayQuit: () => boolean;
  /** An engine of another contract is there: nothing is done to it without a yes. */
  readonly settleContract: (connection: Connection) => Promise<void>;
}

export interface DepartureOptions {
  readonly supervisor: () => Supervisor;
  /** The pid of the engine that this desktop has started. */
  readonly ours: () => number | null;
  /** How long a stop with a checkpoint takes, null when it was never seen. */
  readonly stopSeconds: () => number | null;
  readonly gone: () => void;
}

const STOP_LIMIT_MS = 180_000;

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export function createDeparture(options: DepartureOptions): Departure {
  let leaving = false;
  let asking = false;

  const depart = (): void => {
    leaving = true;
    options.supervisor().close();
    options.gone();
    app.quit();
  };

  /** Ends the engine too, if this desktop has started it: one that `nightshift serve` runs is somebody else's. */
  const endEngine = async (): Promise<void> => {
    const connection = options.supervisor().connection();
    if (connection.kind === 'attached' && connection.engine.pid === options.ours())
      await options.supervisor().leave();
  };

  const stopTraining = async (): Promise<void> => {
    await options.supervisor().client()?.training.stop({ now: true, by: 'you (window)' });
    for (const end = Date.now() + STOP_LIMIT_MS; Date.now() < end;) {
      const status = options.supervisor().rooms()?.status;
      if (status !== undefined && !isWorking(status)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(
      `The trainer has not stopped after ${String(STOP_LIMIT_MS / 1000)} s. It goes on in the background.`,
    );
  };

  const leave = async (): Promise<void> => {
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
      if (answer === 'cancel') return;
      if (answer === 'keep') {
        depart();
        return;
      }
      await stopTraining();
    }
    await endEngine();
    depart();
  };

  // The session ends: nothing is asked; engine and trainer end by the system's own rules and continue at the next start.
  powerMonitor.on('shutdown', () => {
    leaving = true;
  });

  return {
    leaving: () => leaving,
    mayQuit() {
      if (leaving) return true;
      if (asking) return false;
      asking = true;
      leave()
        .catch((error: unknown) => {
          dialog.showErrorBox('Quitting was not completed', words(error));
        })
        .finally(() => {
          asking = false;
        });
      return false;
    },
    async settleContract(connection) {
      if (connection.kind !== 'older' && connection.kind !== 'newer') return;
      const older = connection.kind === 'older';
      const then = older
        ? 'A restarted engine takes over; training is not touched.'
        : 'A newer version of Nightshift can show it. Training goes on.';
      const answer = await dialog.showMessageBox({
        type: 'info',
        message: `The engine of this workspace is ${connection.kind} than this window`,
        detail: `It speaks contract ${String(connection.engine.contract)}, this window ${String(CONTRACT_VERSION)}. ${then}`,
        buttons: older ? ['Restart engine (training is not touched)', 'Quit'] : ['Quit'],
        defaultId: 0,
        cancelId: older ? 1 : 0,
        noLink: true,
      });
      if (!older || answer.response !== 0) {
        depart();
        return;
      }
      await options
        .supervisor()
        .restartEngine()
        .catch((error: unknown) => {
          dialog.showErrorBox('The engine did not end', words(error));
        });
    },
  };
}
