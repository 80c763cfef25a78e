/**
 * App: the frame around the screens, with navigation, command palette and shortcuts.
 * Promises: state, model, dataset, machine and controls are always visible and show their age.
 * Never: stores engine state of its own, or acts without a command from the user.
 */
export { start } from './start.tsx';
