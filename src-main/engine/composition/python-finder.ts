/**
 * The Python that workers and trainers run with, found once and looked for again while it is
 * missing.
 */
import { Refusal } from '../../contract/index.ts';
import { findPython, type PythonReading } from '../setup/index.ts';
import type { PythonFacts } from '../trainer/index.ts';

export interface PythonFinder {
  /** Looks again. */
  readonly find: () => Promise<PythonReading>;
  /** Refusal NOT_READY while Python is missing. */
  readonly require: () => Promise<PythonFacts>;
}

/** `find`: how tests name another interpreter. */
export function createPythonFinder(
  packageFolder: string,
  find: (() => Promise<PythonReading>) | undefined,
): PythonFinder {
  let known: Promise<PythonReading> | null = null;
  const search = (): Promise<PythonReading> => {
    known = find?.() ?? findPython(packageFolder, process.env);
    return known;
  };
  return {
    find: search,
    require: async () => {
      let reading = await (known ?? search());
      // The setup may have finished since the last time.
      if (reading.state === 'missing') reading = await search();
      if (reading.state === 'missing')
        throw new Refusal('NOT_READY', reading.detail, { subject: 'python' });
      return reading.facts;
    },
  };
}
