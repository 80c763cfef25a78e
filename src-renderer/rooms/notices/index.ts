/**
 * Notices: messages of the engine under the screen bar, newest first.
 * Promises: shows at most two at once and the number of the others; a refused command is shown with what to do next.
 * Never: contains the only way to an action, or shows the same message twice.
 */
export { Notices, type OpenScreen } from './notices.tsx';
