/** `nightshift chat` */
import { InvalidArgumentError, type Command } from 'commander';
import { type Answer, type ChatMessage, isEnded, type PlaygroundModel } from '../contract/index.ts';
import { type EngineClient, withEngine } from './connection.ts';
import { count, decimal, table } from './format.ts';
import { wholeNumber } from './numbers.ts';
import type { Run } from './program.ts';
import { exitCode, type ExitCode, type Session, show } from './session.ts';

const POLL_MS = 100;

interface ChatOptions {
  readonly message?: string;
  readonly system?: string;
  readonly seed: number;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly cpu: boolean;
  readonly raw: boolean;
  readonly models: boolean;
}

export function addChatCommand(program: Command, run: Run): void {
  program
    .command('chat')
    .argument(
      '[model]',
      '`current`, a version or a base model; a unique prefix is enough',
      'current',
    )
    .description('Ask a model of the workspace; on a terminal as a conversation')
    .option('--message <text>', 'ask this and exit')
    .option('--system <text>', 'system message')
    .option('--seed <number>', 'seed of the sampling', wholeNumber(0, 2 ** 31 - 1), 0)
    .option('--temperature <number>', '0 to 2; 0 takes the most probable token', temperature, 0)
    .option('--max-tokens <number>', 'longest answer in tokens', wholeNumber(1, 8192), 512)
    .option('--cpu', 'do not use a GPU', false)
    .option('--raw', 'print the special tokens too', false)
    .option('--models', 'list the models', false)
    .addHelpText(
      'after',
      '\nExamples:\n  nightshift chat\n  nightshift chat v001 --message "What is 7 times 8?"\n',
    )
    .action((model: string, options: ChatOptions) =>
      run((session) => (options.models ? listModels(session) : chat(session, model, options))),
    );
}

function temperature(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 2)) throw new InvalidArgumentError('Expected a number from 0 to 2.');
  return value;
}

const shownPoint = ({ branch, step }: PlaygroundModel): string =>
  step === null ? '' : `step ${count(step)} of ${branch ?? ''}`;

async function listModels(session: Session): Promise<ExitCode> {
  const models = await withEngine(session, (client) => client.playground.models());
  show(session, models, () =>
    table(
      ['model', 'name', 'point'],
      models.map((model) => [model.id, model.label, shownPoint(model)]),
    ),
  );
  return exitCode.ok;
}

function chat(session: Session, model: string, options: ChatOptions): Promise<ExitCode> {
  return withEngine(session, async (client) => {
    const messages: ChatMessage[] =
      options.system === undefined ? [] : [{ role: 'system', content: options.system }];
    for await (const content of questions(session, options)) {
      messages.push({ role: 'user', content });
      const answer = await ask(session, client, { model, messages, options });
      if (answer.state === 'failed') return exitCode.refused;
      if (session.signal.aborted) return exitCode.ok;
      messages.push({ role: 'assistant', content: answer.text });
    }
    return exitCode.ok;
  });
}

/** The one of `--message`, otherwise line by line until the input ends. */
async function* questions(session: Session, options: ChatOptions): AsyncGenerator<string> {
  if (options.message !== undefined) {
    yield options.message;
    return;
  }
  const { terminal } = session;
  if (terminal.interactive) terminal.error('An empty line or Ctrl-D ends the conversation.\n');
  for (;;) {
    const line = await terminal.ask(terminal.interactive ? '> ' : '');
    if (line === null || line.trim() === '') return;
    yield line;
  }
}

interface Asked {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly options: ChatOptions;
}

async function ask(
  session: Session,
  client: EngineClient,
  { model, messages, options }: Asked,
): Promise<Answer> {
  let answer = await client.playground.ask({
    model,
    messages: [...messages],
    seed: options.seed,
    temperature: options.temperature,
    max_new_tokens: options.maxTokens,
    device: options.cpu ? 'cpu' : 'auto',
  });
  let printed = 0;
  const print = (): void => {
    if (session.json) return;
    const text = options.raw ? answer.raw : answer.text;
    session.terminal.out(text.slice(printed));
    printed = text.length;
  };
  print();
  let isStopped = false;
  while (!isEnded(answer.state)) {
    if (session.signal.aborted && !isStopped) {
      isStopped = true;
      await client.playground.stop({ id: answer.id });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    answer = await client.playground.answer({ id: answer.id });
    print();
  }
  if (session.json) session.terminal.out(`${JSON.stringify(answer)}\n`);
  else session.terminal.out('\n');
  if (session.terminal.interactive || answer.state === 'failed')
    session.terminal.error(`${summary(answer)}\n`);
  return answer;
}

function summary(answer: Answer): string {
  if (answer.state === 'failed') return answer.message ?? 'The model gave no answer.';
  const rate = answer.seconds > 0 ? answer.tokens / answer.seconds : 0;
  const end = answer.state === 'length' ? ', cut off at the limit' : ', stopped';
  const how = answer.state === 'finished' ? '' : end;
  return `(${count(answer.tokens)} tokens, ${decimal(rate, 0)} tokens/s on ${answer.device ?? ''}${how})`;
}
