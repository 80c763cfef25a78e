/**
 * Diagnostics: one .tar.gz for reporting a problem: settings, journal, logs, status, checks, exits of
 * runs, versions.
 * Promises: contains no row of a dataset, no prompt, no answer, no token; names are hashed unless asked
 * for. The finished files are searched for all of these, and no bundle is made if any is found.
 * Never: sends anything, writes into the workspace, needs a running engine.
 */
export { createDiagnostics, type DiagnosticsRoom, type Live } from './diagnostics.ts';
