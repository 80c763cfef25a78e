/**
 * Help: crash categories, settings, keyboard shortcuts and the glossary, searchable.
 * Promises: texts come from the tables that the program itself uses; there is no second copy.
 * Never: needs the engine.
 */
export { HelpScreen } from './help.tsx';
