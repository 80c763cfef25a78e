/**
 * Runs the Python worker that verifies checkpoints, when no engine is running. Only reads the
 * workspace.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { resumeText, type CheckpointCheck } from '../contract/index.ts';
import { readLines, writeJson } from '../kit/files.ts';

const scannedEvent = z.object({
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

/** Throws an Error with a readable message if the worker fails. */
export async function verifyWithoutEngine(
  branch: string,
  checkpoints: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<CheckpointCheck> {
  const root = environment['NIGHTSHIFT_ROOT'] ?? path.resolve(import.meta.dirname, '..', '..');
  const runtime = path.join(root, 'python-runtime');
  const python =
    environment['NIGHTSHIFT_PYTHON'] ??
    path.join(runtime, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const run = await mkdtemp(path.join(tmpdir(), 'nightshift-verify-'));
  try {
    await writeJson(path.join(run, 'spec.json'), {
      format: 1,
      kind: 'verify',
      verify: { checkpoints, datasets: {} },
    });
    const stderr: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const child = spawn(python, ['-m', 'nightshift_trainer', run], {
        cwd: run,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...environment, PYTHONPATH: runtime, PYTHONDONTWRITEBYTECODE: '1' },
      });
      child.stderr.on('data', (data: Buffer) => stderr.push(data.toString()));
      child.on('error', reject);
      child.on('close', () => {
        resolve();
      });
    });
    for (const line of await readLines(path.join(run, 'events.jsonl'))) {
      const event = scannedEvent.safeParse(line);
      if (!event.success) continue;
      const { resumes, bytes, seconds } = event.data;
      const skipped = event.data.skipped.map((skip) => ({ branch, ...skip }));
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
    throw new Error(
      `The verify worker exited without a result: ${stderr.join('').trim().slice(-300)}`,
    );
  } finally {
    await rm(run, { recursive: true, force: true });
  }
}
