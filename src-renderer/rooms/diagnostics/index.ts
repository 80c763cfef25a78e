/**
 * Diagnostics: what a bundle would hold, listed before it is saved.
 * Promises: nothing is saved before the list was seen; what is saved is what was listed.
 * Never: sends the bundle anywhere.
 */
export { Diagnostics, openDiagnostics } from './diagnostics.tsx';
