/**
 * Logs: the journal with its evidence, and the logs of engine and trainer.
 * Promises: shows lines as they were written, newest last, with the path of the file.
 * Never: changes, summarizes or hides a line.
 */
export { LogsScreen } from './logs.tsx';
