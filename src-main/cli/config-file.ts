/** config validate: a configuration file and what it names, without an engine. */
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { checkConfigText, type ConfigFault } from '../contract/index.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

const sentence = (file: string, fault: ConfigFault): string =>
  `${file}${fault.line === null ? '' : `, line ${String(fault.line)}`}: ` +
  `${fault.key === null ? '' : `${fault.key}: `}${fault.text}`;

/** The folder of the base, where it is named and missing. */
async function baseFault(session: Session, base: string): Promise<ConfigFault | null> {
  if (base === '') return null;
  const file = path.join(session.paths.base(base), 'config.json');
  try {
    await access(file);
    return null;
  } catch {
    return { key: 'base_model', line: null, text: `${file} cannot be read` };
  }
}

/** `named` null: the workspace's own. Exit code 3 when something is wrong with it. */
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
        `There is no ${file}: every key has its factory value.`,
      );
      return exitCode.ok;
    }
    session.terminal.error(`${file} cannot be read (${code}).\n`);
    return exitCode.failure;
  }
  const checked = checkConfigText(text);
  const missing = await baseFault(session, checked.base);
  const faults = missing === null ? checked.faults : [...checked.faults, missing];
  show(session, { file, ok: faults.length === 0, keys: checked.keys, faults }, () =>
    faults.length === 0
      ? `${file}: ${String(checked.keys)} ${checked.keys === 1 ? 'key is' : 'keys are'} set, all allowed.`
      : faults.map((fault) => sentence(file, fault)).join('\n'),
  );
  return faults.length === 0 ? exitCode.ok : exitCode.refused;
}
