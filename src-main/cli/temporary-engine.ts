/** A real engine for the temporary workspace of the demo or the drill. */
import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { connect, engineOf, type Connection } from './connection.ts';
import { engineEntry } from './serve.ts';
import type { Session } from './session.ts';

const START_SECONDS = 60;

export interface TemporaryEngine {
  readonly connection: Connection;
  /** kill -9, as the drill does it. */
  kill(): Promise<void>;
  /** Stops running training with a checkpoint, then the engine. Leaves no process behind. */
  stop(): Promise<void>;
}

/** `by`: who stops the training, as it appears in the journal. */
export async function startTemporaryEngine(
  session: Session,
  by: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<TemporaryEngine> {
  let output = '';
  const child = spawn(
    process.execPath,
    [engineEntry, '--workspace', session.workspace, '--port', '0'],
    // In its own process group: Ctrl-C reaches only this command, which then shuts the engine down.
    { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: environment },
  );
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4000);
    });
  const exited = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      output += error.message;
      resolve();
    });
    child.on('close', () => {
      resolve();
    });
  });
  for (let waited = 0; (await engineOf(session))?.port == null; waited += 0.1) {
    if (child.exitCode !== null || waited > START_SECONDS) {
      child.kill('SIGKILL');
      throw new Error(`The engine did not start:\n${output}`);
    }
    await wait(100);
  }
  const connection = await connect(session);
  return {
    connection,
    async kill() {
      connection.close();
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      const status = await connection.client.status.get().catch(() => null);
      if (status?.trainer.alive === true)
        await connection.client.training.stop({ now: true, by }).catch(() => null);
      connection.close();
      child.kill('SIGTERM');
      const killTimer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await exited;
      clearTimeout(killTimer);
    },
  };
}
