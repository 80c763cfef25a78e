/**
 * For: the command `nightshift`: everything the window does, for a terminal and for scripts.
 * Promises: `--json` on every command, documented exit codes, a refusal with what and what next; without an engine it says so.
 * Never: holds state, writes into a workspace while an engine owns it, or claims a state that only a live process can have.
 */
export { runCommandLine } from './program.ts';
