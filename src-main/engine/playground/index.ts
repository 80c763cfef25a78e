/**
 * Playground: loads models of the workspace into workers of their own and passes questions to them.
 * Promises: never uses a GPU while a trainer runs; a model that does not fit into the free memory
 * is refused before it is loaded; conversations are not kept on the disk.
 * Never: trains, changes a model, or holds up the queue.
 */
export { chooseDevice } from './device.ts';
export { type AskedModel, findModel } from './models.ts';
export { createPlayground, type PlaygroundRoom } from './playground.ts';
