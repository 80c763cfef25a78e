/**
 * For: the command `nightshift`: everything the window does, for terminals and scripts.
 * Promises: `--json` on every command, documented exit codes, refusals that say why and what to do;
 * if no engine is running, it says so.
 * Never: holds state, writes into a workspace, or reports a state (such as "training") without a
 * live process behind it.
 */
export { wantsColor } from './output/screen.ts';
export { programRoot } from './program-root.ts';
export { createPrompts } from './prompts.ts';
export { runCommandLine } from './program.ts';
