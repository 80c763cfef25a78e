/** Which Python runs the trainer, and what the machine has to train on. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import type { Machine } from '../../machine/index.ts';
import type { PythonFacts } from '../trainer/index.ts';

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
    const { stdout } = await execa(
      executable,
      [
        '-c',
        'import platform, importlib.metadata as m; print(platform.python_version(), m.version("torch"))',
      ],
      { timeout: 60_000, extendEnv: false, env: { PATH: environment['PATH'] ?? '' } },
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

/** The first GPU that the driver reports; a machine without one trains on its CPU. */
export async function findDevice(
  machine: Pick<Machine, 'facts' | 'knownGpus'>,
): Promise<{ kind: 'cuda' | 'cpu'; detail: string }> {
  const gpu = (await machine.knownGpus())?.[0];
  if (gpu !== undefined)
    return {
      kind: 'cuda',
      detail: `${gpu.name}, ${Math.round((gpu.memoryTotalMb ?? 0) / 1024)}\u00a0GB`,
    };
  return { kind: 'cpu', detail: `CPU, ${(await machine.facts()).cores} cores; no GPU was found` };
}
