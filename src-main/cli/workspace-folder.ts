/** Which workspace a command is for. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** `given`: by `--workspace`; null: NIGHTSHIFT_WORKSPACE, else `~/Nightshift`. */
export const workspaceFolder = (
  given: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): string => resolve(given ?? environment['NIGHTSHIFT_WORKSPACE'] ?? join(homedir(), 'Nightshift'));
