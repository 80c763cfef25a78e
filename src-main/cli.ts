/** Entry point of the command line. */
import { createPrompts, programRoot, runCommandLine, wantsColor } from './cli/index.ts';
import { typedCommand } from './formats/command-link.ts';

// What it writes is for this account alone.
process.umask(0o077);
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    interrupt.abort();
  });
// `nightshift journal | head` closes the pipe early; that is not an error. A drill ends the engine and
// the trainer that it started first, also when the engine that reads its results was killed.
const output = { isUnread: false };
process.stdout.on('error', () => {
  output.isUnread = true;
  interrupt.abort();
});

const prompts = createPrompts();
const args = process.argv.slice(2);
const exitCode = await runCommandLine(args, {
  terminal: {
    out: (text) => {
      process.stdout.write(text);
    },
    error: (text) => {
      process.stderr.write(text);
    },
    interactive: process.stdout.isTTY,
    canAsk: process.stdin.isTTY && process.stderr.isTTY,
    ...(process.stdout.isTTY ? { columns: process.stdout.columns } : {}),
    color: wantsColor(args, process.env, process.stdout.isTTY),
    errorColor: wantsColor(args, process.env, process.stderr.isTTY),
    ask: prompts.ask,
  },
  environment: process.env,
  now: () => Date.now() / 1000,
  signal: interrupt.signal,
  command: await typedCommand(
    programRoot(process.env),
    process.env,
    process.platform,
    process.cwd(),
  ),
  version: process.env['NIGHTSHIFT_VERSION'] ?? 'development',
});
prompts.close();
process.exitCode = output.isUnread ? 0 : exitCode;
