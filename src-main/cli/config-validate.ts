/**
 * `nightshift config validate`: checks a configuration file and the base model it names, without an
 * engine.
 */
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { checkConfigText, type ConfigFault } from '../contract/index.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

const faultText = (file: string, fault: ConfigFault): string =>
  `${file}${fault.line === null ? '' : `, line ${String(fault.line)}`}: ` +
  `${fault.key === null ? '' : `${fault.key}: `}${fault.text}`;

/** Reports a base model that the configuration names but that is not installed. */
async function baseFault(session: Session, base: string): Promise<ConfigFault | null> {
  if (base === '') return null;
  const file = path.join(session.paths.base(base), 'config.json');
  try {
    await access(file);
    return null;
  } catch {
    return { key: 'base_model', line: null, text: `can't read ${file}` };
  }
}

/** `named` null: the config.json of the workspace. Exit code 3 if the file has errors. */
export async function validateConfig(session: Session, named: string | null): Promise<ExitCode> {
  const file = named === null ? session.paths.config : path.resolve(named);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    if (named === null && code === 'ENOENT') {
      show(
        session,
        { file, ok: true, keys: 0, faults: [] },
        `${file} does not exist; all settings have their default values.`,
      );
      return exitCode.ok;
    }
    throw new Error(`Can't read ${file} (${code}).`, { cause: error });
  }
  const checked = checkConfigText(text);
  const missing = await baseFault(session, checked.base);
  const faults = missing === null ? checked.faults : [...checked.faults, missing];
  show(session, { file, ok: faults.length === 0, keys: checked.keys, faults }, () =>
    faults.length === 0
      ? `${file}: valid (${String(checked.keys)} ${checked.keys === 1 ? 'setting' : 'settings'}).`
      : faults.map((fault) => faultText(file, fault)).join('\n'),
  );
  return faults.length === 0 ? exitCode.ok : exitCode.refused;
}
