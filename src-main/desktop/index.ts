/**
 * For: the window, the tray, notifications and the supervision of one engine, in Electron's main
 * process.
 * Promises: it can be closed, killed or updated at any time without affecting engine or trainer.
 * Never: holds training state, opens any page but its own, or ends an engine that it did not start.
 */
export { startDesktop } from './application.ts';
