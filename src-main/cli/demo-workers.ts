/** The two Python workers that the demo runs itself: the sample dataset, and the scoring of a model on held-out questions. */
import { mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { execa, ExecaError } from 'execa';
import { z } from 'zod';
import { readJson, writeJson } from '../kit/files.ts';

const answerFile = z.object({
  k: z.number().int(),
  n: z.number().int(),
  low: z.number(),
  high: z.number(),
  unfinished: z.number().int(),
  seconds: z.number(),
  answers: z.array(
    z.object({
      row: z.number().int(),
      prompt: z.string(),
      expected: z.string(),
      produced: z.string(),
      matches: z.boolean(),
    }),
  ),
});
export type Score = z.infer<typeof answerFile>;

const exitFile = z.object({
  outcome: z.string(),
  reason: z.string().nullable(),
  error: z.object({ category: z.string(), message: z.string() }).nullable(),
});

export interface Workers {
  /** Writes train.jsonl and held_out.jsonl into `folder`. */
  sample(
    folder: string,
    rows: { readonly train: number; readonly heldOut: number },
    shuffled: boolean,
  ): Promise<void>;
  /** Scores a model folder on a file of questions; `name` names the run. */
  score(name: string, model: string, questions: string, limit: number): Promise<Score>;
}

/** `runtime` is the folder python-runtime; run folders are made under `folder`. */
export function createWorkers(options: {
  readonly runtime: string;
  readonly folder: string;
  readonly workspace: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}): Workers {
  const python =
    options.environment['NIGHTSHIFT_PYTHON'] ??
    join(
      options.runtime,
      '.venv',
      process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python',
    );

  const work = async (
    name: string,
    kind: 'sample' | 'evaluate',
    spec: Record<string, unknown>,
  ): Promise<void> => {
    const run = join(options.folder, name);
    await mkdir(run, { recursive: true });
    await writeJson(join(run, 'spec.json'), {
      format: 1,
      kind,
      run: name,
      workspace: options.workspace,
      created: Date.now() / 1000,
      device: 'auto',
      threads: cpus().length,
      [kind]: spec,
    });
    const log = { file: join(run, 'trainer.log'), append: true };
    try {
      await execa(python, ['-m', 'nightshift_trainer', run], {
        cwd: run,
        stdin: 'ignore',
        stdout: log,
        stderr: log,
        buffer: false,
        cancelSignal: options.signal,
        extendEnv: false,
        env: {
          ...options.environment,
          PYTHONPATH: options.runtime,
          PYTHONUNBUFFERED: '1',
          GOMP_SPINCOUNT: '2000',
          HF_HUB_OFFLINE: '1',
          TRANSFORMERS_OFFLINE: '1',
          TOKENIZERS_PARALLELISM: 'false',
        },
      });
    } catch (error) {
      // One that ran and failed leaves its reason in exit.json.
      const hasRun = error instanceof ExecaError && error.exitCode !== undefined;
      if (!hasRun) throw error;
    }
    const exit = exitFile.safeParse(await readJson(join(run, 'exit.json')));
    if (exit.data?.outcome !== 'completed')
      throw new Error(
        `the ${kind} worker failed: ${exit.data?.error?.message ?? exit.data?.reason ?? 'it left no word'} (log: ${log.file})`,
      );
  };

  return {
    sample: (folder, rows, shuffled) =>
      work('sample', 'sample', {
        folder,
        train_rows: rows.train,
        held_out_rows: rows.heldOut,
        seed: 7,
        shuffled,
      }),
    score: async (name, model, questions, limit) => {
      const output = join(options.folder, `${name}.json`);
      await work(name, 'evaluate', {
        model,
        questions,
        limit,
        max_new_tokens: 96,
        scorer: 'exact',
        output,
        precision: 'bf16',
      });
      return answerFile.parse(await readJson(output));
    },
  };
}
