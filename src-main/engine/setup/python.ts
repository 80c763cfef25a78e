/** Which Python runs the trainer, and what the machine has to train on. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { PythonFacts } from '../trainer/index.ts';

const run = promisify(execFile);

/** Found, or why not; never both. */
export type PythonReading =
  | { readonly state: 'ok'; readonly facts: PythonFacts; readonly detail: string }
  | { readonly state: 'missing'; readonly detail: string };

/** The interpreter that setup made, unless `NIGHTSHIFT_PYTHON` names another. `packageFolder` holds nightshift_trainer. */
export async function findPython(
  packageFolder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<PythonReading> {
  const named = environment['NIGHTSHIFT_PYTHON'];
  const own =
    process.platform === 'win32'
      ? path.join(packageFolder, '.venv', 'Scripts', 'python.exe')
      : path.join(packageFolder, '.venv', 'bin', 'python');
  const executable = named !== undefined && named !== '' ? named : own;
  const isThere = await access(executable).then(
    () => true,
    () => false,
  );
  if (!isThere)
    return {
      state: 'missing',
      detail: `There is no Python at ${executable}. \`npm run setup\` makes it; NIGHTSHIFT_PYTHON names another one.`,
    };
  try {
    const { stdout } = await run(
      executable,
      [
        '-c',
        'import platform, importlib.metadata as m; print(platform.python_version(), m.version("torch"))',
      ],
      { timeout: 60_000, env: { PATH: environment['PATH'] ?? '' } },
    );
    const [python, torch] = stdout.trim().split(' ');
    return {
      state: 'ok',
      facts: { executable, packageFolder },
      detail: `Python ${python ?? '?'}, torch ${torch ?? '?'}`,
    };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return {
      state: 'missing',
      detail: `The Python at ${executable} has no working torch (${text.trim().split('\n').at(-1) ?? text}). \`npm run setup\` installs it.`,
    };
  }
}

/** By the driver's own tool; a machine without one trains on its CPU. */
export async function findDevice(cores: number): Promise<{ kind: 'cuda' | 'cpu'; detail: string }> {
  try {
    const { stdout } = await run(
      'nvidia-smi',
      ['--query-gpu=name,memory.total', '--format=csv,noheader,nounits'],
      { timeout: 10_000 },
    );
    const [name, megabytes] = (stdout.trim().split('\n')[0] ?? '').split(', ');
    if (name !== undefined && name !== '')
      return {
        kind: 'cuda',
        detail: `${name}, ${Math.round(Number(megabytes ?? 0) / 1024)}\u00a0GB`,
      };
  } catch {
    // No driver, or none that answers: the CPU it is.
  }
  return { kind: 'cpu', detail: `CPU, ${cores} cores; no GPU was found` };
}
