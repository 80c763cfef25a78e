/**
 * Runs the Python worker that verifies checkpoints, when no engine is running. Only reads the
 * workspace.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { resumeText, type CheckpointCheck } from '../contract/index.ts';
import { eventsFile, specFiles, writeFormat } from '../formats/index.ts';
import { readLines } from '../kit/lines.ts';

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
    await writeFormat(path.join(run, 'spec.json'), specFiles.verify, {
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
    for await (const line of readLines(path.join(run, 'events.jsonl'))) {
      const event = eventsFile.parseLine(line);
      if (event?.type !== 'scanned') continue;
      const { resumes, bytes, seconds } = event;
      const skipped = event.skipped.map((skip) => ({ branch, ...skip }));
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
