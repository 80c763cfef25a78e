/** Starts a real engine for the demo's workspace and shuts it down. */
import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { connect, engineOf, type Connection } from './connection.ts';
import { engineEntry } from './serve.ts';
import type { Session } from './session.ts';

const START_SECONDS = 60;

export interface DemoEngine {
  readonly connection: Connection;
  /** Stops running training with a checkpoint, then the engine. Leaves no process behind. */
  stop(): Promise<void>;
}

export async function startDemoEngine(session: Session): Promise<DemoEngine> {
  let output = '';
  const child = spawn(
    process.execPath,
    [engineEntry, '--workspace', session.workspace, '--port', '0'],
    // In its own process group: Ctrl-C reaches only the demo, which then shuts the engine down.
    { stdio: ['ignore', 'pipe', 'pipe'], detached: true },
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
    async stop() {
      const status = await connection.client.status.get().catch(() => null);
      if (status?.trainer.alive === true)
        await connection.client.training.stop({ now: true, by: 'demo' }).catch(() => null);
      connection.close();
      child.kill('SIGTERM');
      const killTimer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await exited;
      clearTimeout(killTimer);
    },
  };
}
