/**
 * Notices: what the program has to say, under the screen bar, newest first.
 * Promises: at most two at once and the number of the others; a refusal of a command stands beside what can be done.
 * Never: hides the only way to an action, or says the same thing twice.
 */
export { Notices, type OpenScreen } from './notices.tsx';
