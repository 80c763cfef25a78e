/**
 * The Python worker that the demo runs directly: it evaluates a model on held-out questions.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa, ExecaError } from 'execa';
import type { z } from 'zod';
import {
  evaluationResultFile,
  exitFile,
  readFormat,
  readOrNull,
  type WorkerRequest,
} from '../formats/index.ts';
import { writeJson } from '../kit/files.ts';

export type Score = z.infer<typeof evaluationResultFile.schema>;

export interface Workers {
  /** Evaluates a model folder on a file of questions. `name`: the run folder. */
  evaluate(
    name: string,
    model: string,
    questions: string,
    limits: { readonly limit: number; readonly maxNewTokens: number },
  ): Promise<Score>;
}

/** `runtime`: the folder python-runtime. Run folders are created under `folder`. */
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

  const runWorker = async (name: string, request: WorkerRequest<'evaluate'>): Promise<void> => {
    const run = join(options.folder, name);
    await mkdir(run, { recursive: true });
    const created = Date.now() / 1000;
    const spec = {
      format: 1,
      kind: 'evaluate',
      run: name,
      workspace: options.workspace,
      created,
      ...request,
    };
    await writeJson(join(run, 'spec.json'), spec);
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
      // A worker that ran and failed leaves its reason in exit.json.
      const hasRun = error instanceof ExecaError && error.exitCode !== undefined;
      if (!hasRun) throw error;
    }
    const exit = await readOrNull(join(run, 'exit.json'), exitFile);
    if (exit?.outcome !== 'completed')
      throw new Error(
        `The evaluate worker failed: ${exit?.error?.message ?? exit?.reason ?? 'no error message'} (log: ${log.file})`,
      );
  };

  return {
    evaluate: async (name, model, questions, { limit, maxNewTokens }) => {
      const output = join(options.folder, `${name}.json`);
      await runWorker(name, {
        evaluate: {
          model,
          questions,
          limit,
          max_new_tokens: maxNewTokens,
          scorer: 'exact',
          output,
          precision: 'bf16',
        },
      });
      const result = await readFormat(output, evaluationResultFile);
      if (result?.ok !== true)
        throw new Error(`The evaluate worker left no result: ${result?.problem ?? output}`);
      return result.value;
    },
  };
}
