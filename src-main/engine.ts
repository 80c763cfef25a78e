/**
 * Entry point of the engine: `node out/engine/engine.mjs --workspace W [--port N] [--json]`. Locks
 * the workspace, starts the server, and shuts down cleanly on a signal; a running trainer continues.
 * `--diagnostics FILE|- [--names]` only writes a diagnostics bundle from the files and lists its
 * content. Exit codes: 0 clean shutdown, 1 failure, 2 usage, 3 refused (another engine).
 */
import {
  closeSync,
  readdirSync,
  readlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { asTyped, Refusal, systemRefusal, visibleLines, visibleText } from './contract/index.ts';
import { createDiagnostics } from './engine/diagnostics/index.ts';
import { startEngine } from './engine/engine.ts';
import { typedCommand } from './formats/command-link.ts';
import { workspacePaths } from './formats/workspace.ts';
import { openAppendSync, systemClock } from './kit/index.ts';
import { createServer, readOrMakeToken } from './server/index.ts';

/**
 * Closes sockets inherited from a parent such as Electron, which opens them without close-on-exec.
 * The engine outlives the window, and whoever waits for the end of the window's connections would
 * wait for the engine. Runs before the engine opens sockets of its own, so every socket above 2 is
 * inherited. Regular files stay open: Node may be reading them.
 */
function closeInheritedSockets(): void {
  if (process.platform !== 'linux') return;
  for (const descriptor of readdirSync('/proc/self/fd').map(Number))
    try {
      if (descriptor > 2 && readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:'))
        closeSync(descriptor);
    } catch {
      // Already closed.
    }
}

/** Collects garbage once after the history was read: an idle process would keep it for hours. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

const LOG_DAYS = 30;

/** logs/engine_YYYYMMDD.log, one file per day, kept for LOG_DAYS. A failed write is ignored. */
function engineLog(folder: string): (line: string) => void {
  const day = (t: Date): string => t.toISOString().slice(0, 10).replaceAll('-', '');
  const oldest = `engine_${day(new Date(Date.now() - LOG_DAYS * 86_400_000))}.log`;
  try {
    for (const name of readdirSync(folder))
      if (/^engine_\d{8}\.log$/.test(name) && name < oldest) unlinkSync(join(folder, name));
  } catch {
    // The folder does not exist yet.
  }
  return (line) => {
    const now = new Date();
    try {
      const file = join(folder, `engine_${day(now)}.log`);
      const log = openAppendSync(file);
      try {
        writeSync(log, `${now.toISOString()} ${visibleLines(line)}\n`);
      } finally {
        closeSync(log);
      }
    } catch {
      // The disk room reports a full disk.
    }
  };
}

function options(): {
  readonly workspace: string;
  readonly port: number | null;
  readonly json: boolean;
  readonly diagnostics: string | null;
  readonly names: boolean;
} {
  const { values } = parseArgs({
    options: {
      workspace: { type: 'string' },
      port: { type: 'string' },
      json: { type: 'boolean', default: false },
      diagnostics: { type: 'string' },
      names: { type: 'boolean', default: false },
    },
  });
  const port = values.port === undefined ? null : Number(values.port);
  if (
    values.workspace === undefined ||
    (port !== null && !(Number.isInteger(port) && port >= 0 && port < 65_536))
  )
    throw new TypeError('usage: engine --workspace <folder> [--port <0 to 65535>] [--json]');
  return {
    workspace: resolve(values.workspace),
    port,
    json: values.json,
    diagnostics: values.diagnostics ?? null,
    names: values.names,
  };
}

/** Writes the bundle without an engine: reads the workspace without locking it. */
async function diagnose(workspace: string, target: string, names: boolean): Promise<void> {
  const room = createDiagnostics({
    paths: workspacePaths(workspace),
    clock: systemClock,
    home: homedir(),
    version: process.env['NIGHTSHIFT_VERSION'] ?? 'development',
    build: process.env['NIGHTSHIFT_BUILD'] ?? 'development',
    live: null,
  });
  const list = await room.list(names);
  if (target !== '-') writeFileSync(target, (await room.bundle(names)).bytes, { mode: 0o600 });
  process.stdout.write(`${JSON.stringify(list)}\n`);
}

async function main(): Promise<void> {
  // Datasets, models, logs and status are for this account alone; Python inherits it.
  process.umask(0o077);
  const { workspace, port: asked, json, diagnostics, names } = options();
  if (diagnostics !== null) {
    await diagnose(workspace, diagnostics, names);
    return;
  }
  // The terminal or parent process that reads the output may exit first.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const print = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  const log = engineLog(join(workspace, 'logs'));
  const root = process.env['NIGHTSHIFT_ROOT'] ?? resolve(import.meta.dirname, '..', '..');
  const command = await typedCommand(root, process.env, process.platform, null);
  let leave = (): void => undefined;
  const engine = await startEngine({
    workspace,
    packageFolder: join(root, 'python-runtime'),
    command,
    log,
    warn: (sentence) => {
      process.stderr.write(`${sentence}\n`);
    },
    lost: (sentence) => {
      process.stderr.write(`${sentence}\n`);
      process.exit(3);
    },
    // After the response was sent to the client.
    leave: () => setTimeout(() => leave(), 200),
  });
  const bug = (where: string) => (error: unknown) => {
    engine.failed(where, error);
  };
  process.on('uncaughtException', bug('exception'));
  process.on('unhandledRejection', bug('rejection'));

  const monitor = () => engine.rooms.config.values().monitor;
  const port = asked ?? monitor().port;
  const server = await createServer(engine.api, {
    port,
    memoryPort: monitor().memory_port === 0 ? null : port === 0 ? 0 : monitor().memory_port,
    token: await readOrMakeToken(engine.paths.token),
    command,
    sessionsFile: engine.paths.sessions,
    uiFolder: process.env['NIGHTSHIFT_UI'] ?? join(root, 'out', 'renderer'),
    openStatus: () => monitor().open_status,
    now: () => Date.now() / 1000,
    onBug: bug('server'),
  });
  await engine.setPort(server.port);
  void engine.rooms.metrics.settled.then(collectGarbage);
  const link = server.link();
  log(`serving ${workspace} on port ${server.port}, pid ${process.pid}`);
  const memoryAsked = monitor().memory_port;
  const memoryMoved = port !== 0 && server.memoryPort !== null && server.memoryPort !== memoryAsked;
  if (memoryMoved) log(`memory port ${memoryAsked} is in use; using ${server.memoryPort}`);
  if (json)
    print(
      JSON.stringify({
        workspace,
        port: server.port,
        memory_port: server.memoryPort,
        pid: process.pid,
        link,
      }),
    );
  else {
    if (port !== 0 && server.port !== port)
      print(`Port ${port} is in use; using port ${server.port}.`);
    if (memoryMoved)
      print(`Memory port ${memoryAsked} is in use; using port ${server.memoryPort}.`);
    print(`Serving ${workspace} (pid ${process.pid}).`);
    print(`One-time link, valid for 5 minutes: ${link}`);
    const forLink = asTyped('For a new link: nightshift token.', command);
    print(`${forLink} Ctrl-C stops the engine; training continues without it.`);
  }

  let leaving = false;
  leave = () => {
    if (leaving) return;
    leaving = true;
    // Exit even if something does not close in time: the files are consistent at any moment.
    setTimeout(() => process.exit(1), 15_000).unref();
    void (async () => {
      const { alive, pid } = engine.rooms.trainer.view();
      await server.close();
      await engine.close();
      const training = alive
        ? `The trainer (pid ${String(pid)}) is still running.`
        : 'No trainer was running.';
      log(`stopped; ${training}`);
      if (json) print(JSON.stringify({ left: true, trainer: alive ? pid : null }));
      else print(`Engine stopped. ${training}`);
      process.exit(0);
    })();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, leave);
}

closeInheritedSockets();
try {
  await main();
} catch (thrown) {
  const error = systemRefusal(thrown) ?? thrown;
  if (error instanceof Refusal) {
    const next = error.data.next === null ? '' : ` ${error.data.next}`;
    // In one line: the window shows the last one.
    process.stderr.write(`${visibleText(`${error.message}${next}`)}\n`);
    process.exit(3);
  }
  const usage = error instanceof TypeError;
  process.stderr.write(
    `${usage ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(usage ? 2 : 1);
}
