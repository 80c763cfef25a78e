/** The Python worker that walks checkpoints, run by the command line itself when no engine does: it only reads. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { resumeText, type CheckpointCheck } from '../contract/index.ts';
import { writeJson } from '../kit/files.ts';
import { readJsonLines } from '../kit/lines.ts';

const scanned = z.object({
  type: z.literal('scanned'),
  resumes: z
    .object({
      step: z.number().int(),
      branch: z.string(),
      folder: z.string(),
      cursor: z.looseObject({ dataset: z.string() }).nullable(),
    })
    .nullable(),
  skipped: z.array(z.object({ step: z.number().int(), folder: z.string(), reason: z.string() })),
  bytes: z.number(),
  seconds: z.number(),
});

/** Throws with a sentence when Python cannot be run. */
export async function walkWithoutEngine(
  branch: string,
  checkpoints: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<CheckpointCheck> {
  const root = environment['NIGHTSHIFT_ROOT'] ?? resolve(import.meta.dirname, '..', '..');
  const runtime = join(root, 'python-runtime');
  const python =
    environment['NIGHTSHIFT_PYTHON'] ??
    join(runtime, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const run = await mkdtemp(join(tmpdir(), 'nightshift-verify-'));
  try {
    await writeJson(join(run, 'spec.json'), {
      format: 1,
      kind: 'verify',
      verify: { checkpoints, datasets: {} },
    });
    const { exitCode, originalMessage, stderr } = await execa(
      python,
      ['-m', 'nightshift_trainer', run],
      {
        cwd: run,
        stdin: 'ignore',
        stdout: 'ignore',
        extendEnv: false,
        env: { ...environment, PYTHONPATH: runtime, PYTHONDONTWRITEBYTECODE: '1' },
        // Its answer is in events.jsonl, whatever its exit code says.
        reject: false,
      },
    );
    if (exitCode === undefined) throw new Error(`${python}: ${originalMessage ?? 'not started'}`);
    for (const line of await readJsonLines(join(run, 'events.jsonl'))) {
      const walk = scanned.safeParse(line);
      if (!walk.success) continue;
      const { resumes, bytes, seconds } = walk.data;
      const skipped = walk.data.skipped.map((skip) => ({ branch, ...skip }));
      return {
        text: resumeText(branch, resumes, skipped),
        resumes:
          resumes === null
            ? null
            : {
                branch: resumes.branch,
                step: resumes.step,
                folder: resumes.folder,
                dataset: resumes.cursor?.dataset ?? null,
              },
        skipped,
        mismatch: null,
        bytes,
        seconds,
      };
    }
    throw new Error(`the verify worker left no answer: ${stderr.trim().slice(-300)}`);
  } finally {
    await rm(run, { recursive: true, force: true });
  }
}
