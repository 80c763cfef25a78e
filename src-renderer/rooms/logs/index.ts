/**
 * Logs: the journal of decisions, and the last lines of engine and trainer.
 * Promises: what is shown is what was written, newest at the end, with the file it stands in.
 * Never: moves under a reader who has scrolled up.
 */
export { LogsScreen } from './logs.tsx';
