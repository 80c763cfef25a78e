/** Entry point of the command line. */
import { createPrompts, runCommandLine } from './cli/index.ts';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    interrupt.abort();
  });
// `nightshift journal | head` closes the pipe early; that is not an error.
process.stdout.on('error', () => process.exit(0));

const prompts = createPrompts();
process.exitCode = await runCommandLine(process.argv.slice(2), {
  terminal: {
    out: (text) => {
      process.stdout.write(text);
    },
    error: (text) => {
      process.stderr.write(text);
    },
    interactive: process.stdout.isTTY,
    ask: prompts.ask,
  },
  environment: process.env,
  now: () => Date.now() / 1000,
  signal: interrupt.signal,
  version: process.env['NIGHTSHIFT_VERSION'] ?? 'development',
});
prompts.close();
