/**
 * Runs the Python worker that verifies checkpoints, when no engine is running. Only reads the
 * workspace.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { type CheckpointCheck, Refusal, resumeText } from '../contract/index.ts';
import { eventsFile, exitFile, readOrNull, specFiles, writeFormat } from '../formats/index.ts';
import { readLines } from '../kit/lines.ts';
import { programRoot } from './program-root.ts';

/** Refusal NOT_READY with the reason if the worker fails. */
export async function verifyWithoutEngine(
  branch: string,
  checkpoints: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<CheckpointCheck> {
  const runtime = path.join(programRoot(environment), 'python-runtime');
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
    const exit = await readOrNull(path.join(run, 'exit.json'), exitFile);
    const reason = exit?.error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
    throw new Refusal('NOT_READY', `Couldn't verify the checkpoints in ${checkpoints}: ${reason}`, {
      subject: checkpoints,
      next: 'Check the permissions of the workspace and its disk, then try again.',
    });
  } finally {
    await rm(run, { recursive: true, force: true });
  }
}
