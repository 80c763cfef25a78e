/**
 * Help: the crash table, the settings and the keys, searchable.
 * Promises: every text is the one that the program works with; there is no second copy.
 * Never: asks the engine, so it is there without one.
 */
export { HelpScreen } from './help.tsx';
