/**
 * The scripted engine behind the real server, for tests of the interface and for a browser:
 * `node tests/contract/scripted-server.ts --port 8090 --scene training --steps-per-second 2`
 */
import { join } from 'node:path';
import { createServer } from '../../src-main/server/index.ts';
import { ContractDrift } from './complete.ts';
import { createScriptedEngine, type ScriptedEngine } from './scripted-engine.ts';
import { scenes, type Scene } from './scenes/index.ts';

export interface ScriptedServer {
  readonly port: number;
  readonly memoryPort: number | null;
  readonly token: string;
  readonly engine: ScriptedEngine;
  /** What the server called a bug. */
  readonly bugs: readonly unknown[];
  /** An address with a new one-time ticket. */
  link(): string;
  /** Throws ContractDrift when an answer was not what the contract allows. */
  close(): Promise<void>;
}

export interface ScriptedServerOptions {
  readonly port?: number;
  /** None when it is left out. */
  readonly memoryPort?: number;
  readonly scene?: Scene;
  /** The built page; out/renderer of the checkout when it is left out. */
  readonly uiFolder?: string | null;
  readonly openStatus?: boolean;
  /** Keeps browsers signed in over a restart; in memory only when it is left out. */
  readonly sessionsFile?: string;
  /** Steps that are trained by the clock; 0 (the default): only `engine.advance` trains. */
  readonly stepsPerSecond?: number;
  readonly now?: () => number;
}

export const SCRIPTED_TOKEN = 'scripted-token-scripted-token-scripted-token';

export async function startScriptedServer(
  options: ScriptedServerOptions = {},
): Promise<ScriptedServer> {
  let port = 0;
  const now = options.now ?? (() => Date.now() / 1000);
  const bugs: unknown[] = [];
  const engine = createScriptedEngine({
    now,
    scene: options.scene ?? 'training',
    port: () => port,
  });
  const server = await createServer(engine.door, {
    port: options.port ?? 0,
    memoryPort: options.memoryPort ?? null,
    token: SCRIPTED_TOKEN,
    ...(options.sessionsFile === undefined ? {} : { sessionsFile: options.sessionsFile }),
    uiFolder:
      options.uiFolder === undefined
        ? join(import.meta.dirname, '../../out/renderer')
        : options.uiFolder,
    openStatus: () => options.openStatus ?? true,
    now,
    onBug: (error) => {
      bugs.push(error);
    },
  });
  port = server.port;
  const rate = options.stepsPerSecond ?? 0;
  const timer =
    rate > 0
      ? setInterval(() => {
          if (engine.rooms().status.state === 'training') engine.advance(1);
        }, 1000 / rate)
      : undefined;
  return {
    port,
    memoryPort: server.memoryPort,
    token: SCRIPTED_TOKEN,
    engine,
    bugs,
    link: () => server.link(),
    close: async () => {
      clearInterval(timer);
      await server.close();
      const drift = bugs.find((bug) => bug instanceof ContractDrift);
      if (drift !== undefined) throw drift;
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const option = (name: string, otherwise: string): string => {
    const at = process.argv.indexOf(`--${name}`);
    return (at === -1 ? undefined : process.argv[at + 1]) ?? otherwise;
  };
  const asked = option('scene', 'training');
  const scene = scenes.find((scene) => scene === asked) ?? 'training';
  const sessionsFile = option('sessions', '');
  const server = await startScriptedServer({
    ...(sessionsFile === '' ? {} : { sessionsFile }),
    port: Number(option('port', '8090')),
    scene,
    stepsPerSecond: Number(option('steps-per-second', '1')),
  });
  console.log(`Scripted engine (${scene}) at ${server.link()}\ntoken ${server.token}`);
}
