/** Maps thrown errors to messages and exit codes. With --json, an error is one line of JSON too. */
import { ORPCError } from '@orpc/client';
import { CommanderError } from 'commander';
import {
  Refusal,
  type RefusalData,
  refusalData,
  refusals,
  systemRefusal,
} from '../contract/index.ts';
import { styled } from './output/markup.ts';
import type { Screen } from './output/screen.ts';
import { exitCode, NoEngine, UsageError, type ExitCode } from './session.ts';

const withTyped = (data: RefusalData, screen: Screen): RefusalData => ({
  ...data,
  next: data.next === null ? null : screen.typed(data.next),
});

export function explain(thrown: unknown, screen: Screen, json: boolean): ExitCode {
  const error = systemRefusal(thrown) ?? thrown;
  const print = (code: string, message: string, text: string, data: object = {}): void => {
    if (json)
      screen.out(`${JSON.stringify({ error: code, message: screen.typed(message), ...data })}\n`);
    screen.error(text);
  };
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCode.ok;
    // commander has printed the message already.
    print('USAGE', error.message.replace(/^error: /, ''), '');
    return exitCode.usage;
  }
  if (error instanceof UsageError) {
    print('USAGE', error.message, `${error.message}\n`);
    return exitCode.usage;
  }
  if (error instanceof NoEngine) {
    const next = 'Start the engine: nightshift serve';
    print('NO_ENGINE', error.message, `${error.message}\n${next}\n`);
    return exitCode.noEngine;
  }
  if (error instanceof Refusal || (error instanceof ORPCError && error.code in refusals)) {
    const data = refusalData.safeParse(error.data);
    const code = String(error.code);
    const confirm = data.success ? data.data.facts['confirm'] : undefined;
    const how =
      (data.success ? data.data.next : null) ??
      (confirm === undefined ? null : `To proceed: --confirm ${confirm}`);
    const head = styled('yellow', `Refused (${code}):`);
    const text = `${head} ${error.message}\n${how === null ? '' : `Next: ${how}\n`}`;
    print(code, error.message, text, data.success ? withTyped(data.data, screen) : {});
    return exitCode.refused;
  }
  const message = error instanceof Error ? error.message : String(error);
  print('FAILURE', message, `${styled('red', 'Failed:')} ${message}\n`);
  return exitCode.failure;
}
