/** The folder of this installation: a checkout, or the resources of a package. */
import { resolve } from 'node:path';

/** Relative to the built out/cli/cli.mjs, unless the starting script says where it is. */
export const programRoot = (environment: Readonly<Record<string, string | undefined>>): string =>
  environment['NIGHTSHIFT_ROOT'] ?? resolve(import.meta.dirname, '..', '..');
