/**
 * App: the frame around the screens, navigation, keys and colors.
 * Promises: state, model, dataset, machine and the controls are always visible and say how old they are.
 * Never: holds what the engine knows, or acts without a command of the user.
 */
export { start } from './start.tsx';
