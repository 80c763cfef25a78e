/**
 * Diagnostics: lists the contents of a bundle before saving it.
 * Promises: the saved bundle contains exactly what was listed.
 * Never: sends the bundle anywhere.
 */
export { DiagnosticsButton } from './diagnostics-button.tsx';
export { Diagnostics, openDiagnostics } from './diagnostics.tsx';
