/** demo: from drop to version in a terminal, on a workspace of its own, with a real engine and trainer. */
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { readLines } from '../kit/lines.ts';
import { workspacePaths } from '../kit/workspace.ts';
import type { EngineClient } from './connection.ts';
import { startDemoEngine } from './demo-engine.ts';
import { followDataset } from './demo-progress.ts';
import { demoText, normalized, type DemoResult } from './demo-text.ts';
import { createWorkers } from './demo-workers.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

type Model = 'smollm2' | 'starter';
interface DemoOptions {
  readonly model: Model;
  readonly shuffled: boolean;
  readonly keep: boolean;
}

const QUESTIONS = 100;
/** Rows, and the settings that differ from the factory values; measured to reach their level on two cores in minutes. */
const recipes: Readonly<
  Record<Model, { readonly rows: number; readonly settings: Readonly<Record<string, unknown>> }>
> = {
  smollm2: { rows: 560, settings: { batch_size: 8, learning_rate: 3e-4, precision: 'bf16' } },
  starter: {
    rows: 1500,
    settings: { batch_size: 16, learning_rate: 1e-3, precision: 'fp32', epochs: 12 },
  },
};
const common = {
  warmup_steps: 4,
  max_length: 512,
  eval_samples: 20,
  eval_max_new_tokens: 96,
  generate_samples: 4,
  save_steps: 1000,
  'validation.core_rows': 20,
  'validation.slice_rows': 0,
} as const;

export function addDemoCommand(program: Command, run: Run): void {
  program
    .command('demo')
    .description('train a small model on a sample from drop to version in a workspace of its own')
    .addOption(new Option('--model <model>').choices(['smollm2', 'starter']).default('smollm2'))
    .option('--shuffled', 'the control: the answers belong to other questions', false)
    .option('--keep', 'keep the workspace', false)
    .action((options: DemoOptions) => run((session) => demo(session, options)));
}

async function demo(outer: Session, options: DemoOptions): Promise<ExitCode> {
  const workspace = await mkdtemp(join(tmpdir(), 'nightshift-demo-'));
  const session: Session = { ...outer, workspace, paths: workspacePaths(workspace) };
  const say = (text: string): void => {
    outer.terminal.error(`${text}\n`);
  };
  try {
    const result = await play(session, options, say);
    show(outer, result, () => demoText(result));
    return verdict(result, say);
  } finally {
    if (options.keep) say(`The workspace is kept: ${workspace}`);
    else await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The demo proves something or fails: no question leaked, training helped; shuffled answers did not. */
function verdict(result: DemoResult, say: (text: string) => void): ExitCode {
  if (result.rows.leaked > 0) {
    say(`${String(result.rows.leaked)} held-out questions stand in the training file.`);
    return exitCode.failure;
  }
  const points =
    (100 * result.after.k) / result.after.n - (100 * result.before.k) / result.before.n;
  const failed = result.shuffled ? Math.abs(points) > 5 : points <= 0;
  if (failed || result.shuffled)
    say(
      `Exact match changed by ${points.toFixed(0)} points${result.shuffled ? ' with shuffled answers' : ''}.`,
    );
  return failed ? exitCode.failure : exitCode.ok;
}

async function play(
  session: Session,
  options: DemoOptions,
  say: (text: string) => void,
): Promise<DemoResult> {
  const { paths, workspace } = session;
  const began = session.now();
  const root = process.env['NIGHTSHIFT_ROOT'] ?? join(import.meta.dirname, '..', '..');
  const engine = await startDemoEngine(session);
  const { client } = engine.connection;
  try {
    const workers = createWorkers({
      runtime: join(root, 'python-runtime'),
      folder: join(workspace, 'demo'),
      workspace,
      environment: process.env,
      signal: session.signal,
    });
    const model = await obtainBase(session, client, options.model, say);
    const recipe = recipes[model];
    for (const [key, value] of Object.entries({ ...common, ...recipe.settings }))
      await client.config.set({ key, value, confirm: key, by: 'demo' });
    const folder = join(workspace, 'demo', 'data');
    await workers.sample(folder, { train: recipe.rows, heldOut: QUESTIONS }, options.shuffled);
    const setUp = session.now() - began;

    const train = join(folder, 'sample.jsonl');
    const questions = join(folder, 'held_out.jsonl');
    await rename(join(folder, 'train.jsonl'), train);
    const leaked = await leakedQuestions(train, questions);
    say(`Asking the ${String(QUESTIONS)} held-out questions before training`);
    const started = session.now();
    const before = await workers.score('before', paths.base(model), questions, QUESTIONS);
    say(`Exact match before: ${String(before.k)} of ${String(before.n)}. Dropping sample.jsonl`);
    const trainingBegan = session.now();
    const { added, refused } = await client.queue.add({ paths: [train] });
    const id = added[0]?.id;
    if (id === undefined)
      throw new Error(`the sample was refused: ${refused[0]?.message ?? 'no word'}`);
    const done = await followDataset(session, client, id);
    const training = session.now() - trainingBegan;
    say(`Asking the same questions of ${done.version.name}`);
    const after = await workers.score('after', done.version.folder, questions, QUESTIONS);
    const run = session.now() - started;

    const details = await client.datasets.get({ id });
    const trained = Object.values(details.account?.trained ?? {}).reduce(
      (sum, rows) => sum + rows,
      0,
    );
    const asked = await questionsOf(questions);
    const { answers: answersBefore, ...scoreBefore } = before;
    const { answers: answersAfter, ...scoreAfter } = after;
    return {
      model,
      shuffled: options.shuffled,
      workspace,
      rows: {
        accepted: details.report?.accepted ?? 0,
        held_out: details.account?.held_out ?? 0,
        trained,
        questions: QUESTIONS,
        leaked,
      },
      steps: details.summary.done_steps ?? 0,
      validation: await validation(client),
      before: scoreBefore,
      after: scoreAfter,
      answers: answersAfter.slice(0, 5).map((entry, index) => ({
        prompt: asked[entry.row - 1] ?? entry.prompt,
        expected: entry.expected,
        before: answersBefore[index]?.produced ?? '',
        after: entry.produced,
      })),
      checkpoint: await newestCheckpoint(paths.checkpoints(done.version.branch)),
      version: done.version.folder,
      seconds: { set_up: setUp, run, training },
    };
  } finally {
    await engine.end();
  }
}

/** Makes the base; where the real model cannot be had the starter takes its place, and that is said. */
async function obtainBase(
  session: Session,
  client: EngineClient,
  wanted: Model,
  say: (text: string) => void,
): Promise<Model> {
  for (const model of wanted === 'smollm2'
    ? (['smollm2', 'starter'] as const)
    : (['starter'] as const)) {
    say(
      model === 'smollm2'
        ? 'Obtaining SmolLM2-135M-Instruct'
        : 'Making the starter from random weights',
    );
    await client.setup.choose({ base: model });
    for (;;) {
      session.signal.throwIfAborted();
      const setup = await client.setup.get();
      const base = setup.bases.find((base) => base.id === model);
      if (setup.chosen === model && base?.state === 'ready') return model;
      if (base?.state === 'failed') {
        say(`${base.label} cannot be had: ${base.message ?? 'no word'}`);
        if (model === 'smollm2') say('The starter takes its place: it begins from random weights.');
        break;
      }
      await wait(250);
    }
  }
  throw new Error('no base model can be had');
}

/** What the user says in each row, in file order. */
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
    .map((evaluation) => evaluation.core_loss ?? evaluation.slice_loss)
    .filter((loss) => loss !== null);
  return { first: losses[0] ?? null, last: losses[losses.length - 1] ?? null };
}

async function newestCheckpoint(folder: string): Promise<string | null> {
  await mkdir(folder, { recursive: true });
  const names = (await readdir(folder)).filter((name) => name.startsWith('step-')).sort();
  const newest = names[names.length - 1];
  return newest === undefined ? null : join(folder, newest);
}
