/**
 * `nightshift demo`: trains the sample from drop to version in a workspace of its own, with a real
 * engine and trainer and the settings that the sample has in the window too.
 */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { SAMPLE_NAME, SAMPLE_QUESTIONS } from '../contract/index.ts';
import { readLines } from '../kit/lines.ts';
import { workspacePaths } from '../formats/workspace.ts';
import type { EngineClient } from './connection.ts';
import { startTemporaryEngine } from './temporary-engine.ts';
import { followDataset } from './demo-progress.ts';
import { demoText, normalized, type DemoResult } from './demo-text.ts';
import { createWorkers, type Score } from './demo-workers.ts';
import { programRoot } from './program-root.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

type Model = 'smollm2' | 'starter';
interface DemoOptions {
  readonly model: Model;
  readonly shuffled: boolean;
  readonly keep: boolean;
}

/** Twice the longest answer of the sample in the tokens of each model. */
const MAX_NEW_TOKENS: Readonly<Record<Model, number>> = { smollm2: 64, starter: 96 };

export function addDemoCommand(program: Command, run: Run): void {
  program
    .command('demo')
    .description('Train a small model on a sample dataset in a workspace of its own')
    .addOption(
      new Option('--model <model>', 'base model')
        .choices(['smollm2', 'starter'])
        .default('smollm2'),
    )
    .option('--shuffled', 'control run: train with shuffled answers', false)
    .option('--keep', 'keep the workspace (the default)', true)
    .option('--no-keep', 'delete the workspace at the end')
    .action((options: DemoOptions) => run((session) => demo(session, options)));
}

async function demo(caller: Session, options: DemoOptions): Promise<ExitCode> {
  const workspace = await mkdtemp(join(tmpdir(), 'nightshift-demo-'));
  const session: Session = { ...caller, workspace, paths: workspacePaths(workspace) };
  const print = (text: string): void => {
    caller.terminal.error(`${text}\n`);
  };
  try {
    const result = await trainAndEvaluate(session, options, print);
    show(caller, result, () => demoText(result));
    return verdict(result, print);
  } finally {
    if (options.keep) print(`Open it: nightshift serve --workspace ${workspace}`);
    else await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Fails unless no test question leaked and training improved exact match; with shuffled answers it
 * must not change much.
 */
function verdict(result: DemoResult, print: (text: string) => void): ExitCode {
  if (result.rows.leaked > 0) {
    print(`${String(result.rows.leaked)} held-out questions also occur in the training file.`);
    return exitCode.failure;
  }
  const points =
    (100 * result.after.k) / result.after.n - (100 * result.before.k) / result.before.n;
  const failed = result.shuffled ? Math.abs(points) > 5 : points <= 0;
  if (failed || result.shuffled)
    print(
      `Exact match changed by ${points.toFixed(0)} points${result.shuffled ? ' with shuffled answers' : ''}.`,
    );
  return failed ? exitCode.failure : exitCode.ok;
}

async function trainAndEvaluate(
  session: Session,
  options: DemoOptions,
  print: (text: string) => void,
): Promise<DemoResult> {
  const { paths, workspace } = session;
  const began = session.now();
  const root = programRoot(process.env);
  const engine = await startTemporaryEngine(session, 'demo');
  const { client } = engine.connection;
  try {
    const workers = createWorkers({
      runtime: join(root, 'python-runtime'),
      folder: join(workspace, 'demo'),
      workspace,
      environment: process.env,
      signal: session.signal,
    });
    const model = await installBase(session, client, options.model, print);
    const setUp = session.now() - began;

    // The sample waits until it was asked about before, so that both evaluations have the machine.
    await client.training.pause({ by: 'demo' });
    await client.setup.sample({ shuffled: options.shuffled });
    const questions = join(paths.sample, 'held_out.jsonl');
    const ask = (name: string, folder: string): Promise<Score> =>
      workers.evaluate(name, folder, questions, {
        limit: SAMPLE_QUESTIONS,
        maxNewTokens: MAX_NEW_TOKENS[model],
      });
    const leaked = await leakedQuestions(join(paths.sample, 'train.jsonl'), questions);
    print(`Evaluating ${String(SAMPLE_QUESTIONS)} held-out questions before training`);
    const started = session.now();
    const before = await ask('before', paths.base(model));
    print(
      `Exact match before training: ${String(before.k)} of ${String(before.n)}. Training on ${SAMPLE_NAME}`,
    );
    const trainingBegan = session.now();
    const id = (await client.datasets.list()).find(({ name }) => name === SAMPLE_NAME)?.id;
    if (id === undefined) throw new Error(`${SAMPLE_NAME} is not in the queue.`);
    await client.training.resume({ by: 'demo' });
    const trained = await followDataset(session, client, id);
    const training = session.now() - trainingBegan;
    print(`Evaluating the same questions with ${trained.version.name}`);
    const after = await ask('after', trained.version.folder);
    const run = session.now() - started;

    const details = await client.datasets.get({ id });
    const trainedRows = Object.values(details.account?.trained ?? {}).reduce(
      (sum, rows) => sum + rows,
      0,
    );
    const prompts = await questionsOf(questions);
    const { answers: answersBefore, ...scoreBefore } = before;
    const { answers: answersAfter, ...scoreAfter } = after;
    return {
      model,
      shuffled: options.shuffled,
      workspace,
      rows: {
        accepted: details.report?.accepted ?? 0,
        held_out: details.account?.held_out ?? 0,
        trained: trainedRows,
        questions: SAMPLE_QUESTIONS,
        leaked,
      },
      steps: details.summary.done_steps ?? 0,
      validation: await validation(client),
      before: scoreBefore,
      after: scoreAfter,
      answers: answersAfter.slice(0, 5).map((answer, index) => ({
        prompt: prompts[answer.row - 1] ?? answer.prompt,
        expected: answer.expected,
        before: answersBefore[index]?.produced ?? '',
        after: answer.produced,
      })),
      checkpoint: await newestCheckpoint(paths.checkpoints(trained.version.branch)),
      version: trained.version.folder,
      seconds: { set_up: setUp, run, training },
    };
  } finally {
    await engine.stop();
  }
}

/** Installs the base model; falls back to the starter if SmolLM2 can't be downloaded. */
async function installBase(
  session: Session,
  client: EngineClient,
  preferred: Model,
  print: (text: string) => void,
): Promise<Model> {
  for (const model of preferred === 'smollm2'
    ? (['smollm2', 'starter'] as const)
    : (['starter'] as const)) {
    print(
      model === 'smollm2'
        ? 'Downloading SmolLM2-135M-Instruct'
        : 'Creating the starter model (random weights)',
    );
    await client.setup.choose({ base: model });
    for (;;) {
      session.signal.throwIfAborted();
      const setup = await client.setup.get();
      const base = setup.bases.find((base) => base.id === model);
      if (setup.chosen === model && base?.state === 'ready') return model;
      if (base?.state === 'failed') {
        print(`Can't install ${base.label}: ${base.message ?? 'no message'}`);
        if (model === 'smollm2') print('Using the starter model (random weights) instead.');
        break;
      }
      await wait(250);
    }
  }
  throw new Error('No base model could be installed.');
}

/** The user message of each row, in file order. */
async function questionsOf(path: string): Promise<string[]> {
  const questions: string[] = [];
  for await (const line of readLines(path, { withCut: true })) {
    if (line.trim() === '') continue;
    const row = JSON.parse(line) as { messages: { role: string; content: string }[] };
    const asked = row.messages.filter((message) => message.role === 'user');
    questions.push(asked.map((message) => message.content).join('\n'));
  }
  return questions;
}

async function leakedQuestions(train: string, heldOut: string): Promise<number> {
  const seen = new Set((await questionsOf(train)).map(normalized));
  return (await questionsOf(heldOut)).filter((question) => seen.has(normalized(question))).length;
}

async function validation(client: EngineClient): Promise<DemoResult['validation']> {
  const { evaluations } = await client.metrics.curves({ keys: ['loss'] });
  const losses = evaluations
    .map((evaluation) => evaluation.core_loss)
    .filter((loss) => loss !== null);
  return { first: losses[0] ?? null, last: losses[losses.length - 1] ?? null };
}

async function newestCheckpoint(folder: string): Promise<string | null> {
  await mkdir(folder, { recursive: true });
  const names = (await readdir(folder)).filter((name) => name.startsWith('step-')).sort();
  const newest = names[names.length - 1];
  return newest === undefined ? null : join(folder, newest);
}
