/**
 * For: the window, its tray, its notifications and the supervision of one engine, in Electron's main process.
 * Promises: it can be closed, killed or replaced at any time; training and its supervision by the engine go on.
 * Never: holds state of the training, opens a page that is not its own, or ends an engine that it did not start.
 */
export { startDesktop } from './application.ts';
