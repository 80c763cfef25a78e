/**
 * Playground: conversations with models of the workspace, one or two side by side.
 * Promises: both sides get the same question, seed and limit; what the model was fed is one click away.
 * Never: keeps a conversation beyond this window, or changes a model.
 */
export { AskBox } from './ask-box.tsx';
export { PlaygroundScreen } from './playground.tsx';
export { tryModel } from './playground-store.ts';
