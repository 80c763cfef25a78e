/**
 * Runs the Python worker that verifies checkpoints, when no engine is running. Only reads the
 * workspace.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { resumeText, type CheckpointCheck } from '../contract/index.ts';
import { resumePoint, scannedEvent } from '../formats/index.ts';
import { writeJson } from '../kit/files.ts';
import { readJsonLines } from '../kit/lines.ts';

const scanned = scannedEvent(
  resumePoint.extend({ cursor: z.looseObject({ dataset: z.string() }).nullable() }),
);

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
    const { exitCode, originalMessage, stderr } = await execa(
      python,
      ['-m', 'nightshift_trainer', run],
      {
        cwd: run,
        stdin: 'ignore',
        stdout: 'ignore',
        extendEnv: false,
        env: { ...environment, PYTHONPATH: runtime, PYTHONDONTWRITEBYTECODE: '1' },
        // The result is in events.jsonl, regardless of the exit code.
        reject: false,
      },
    );
    if (exitCode === undefined) throw new Error(`${python}: ${originalMessage ?? 'not started'}`);
    for (const line of await readJsonLines(path.join(run, 'events.jsonl'))) {
      const event = scanned.safeParse(line);
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
    throw new Error(`The verify worker exited without a result: ${stderr.trim().slice(-300)}`);
  } finally {
    await rm(run, { recursive: true, force: true });
  }
}
