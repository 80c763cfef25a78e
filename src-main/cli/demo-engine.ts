/** A real engine in a process of its own for the demo's workspace, and its orderly end. */
import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { connect, engineOf, type Connection } from './connection.ts';
import { engineEntry } from './serve.ts';
import type { Session } from './session.ts';

const START_SECONDS = 60;

export interface DemoEngine {
  readonly connection: Connection;
  /** Stops a training that still runs, with a checkpoint, then ends the engine. Nothing is left behind. */
  end(): Promise<void>;
}

export async function startDemoEngine(session: Session): Promise<DemoEngine> {
  let output = '';
  const child = spawn(
    process.execPath,
    [engineEntry, '--workspace', session.workspace, '--port', '0'],
    // Its own group: Ctrl-C reaches the demo alone, which then ends the engine in order.
    { stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4000);
    });
  const gone = new Promise<void>((resolve) => {
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
      throw new Error(`the engine did not start:\n${output}`);
    }
    await wait(100);
  }
  const connection = await connect(session);
  return {
    connection,
    async end() {
      const status = await connection.client.status.get().catch(() => null);
      if (status?.trainer.alive === true)
        await connection.client.training.stop({ now: true, by: 'demo' }).catch(() => null);
      connection.close();
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await gone;
      clearTimeout(late);
    },
  };
}
