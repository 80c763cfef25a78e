/** Engine, feed, status and control of training. */
import type { Change, Procedures } from '../../contract/index.ts';
import type { CommandResult } from '../queue/index.ts';
import { type ApiRooms, DONE } from './rooms.ts';

export const engineApi = ({ facts, leave }: ApiRooms) =>
  ({
    facts: () => facts(),
    leave: () => {
      leave();
      return DONE;
    },
  }) satisfies Procedures['engine'];

/** `subscribe` is what the server makes the stream `changes` from. */
export const feedApi = ({ feed }: ApiRooms) => ({
  snapshot: () => feed.snapshot(),
  subscribe: (since: number, listener: (change: Change) => void) => feed.subscribe(since, listener),
});

export const statusApi = ({ status }: ApiRooms) =>
  ({
    get: () => status.get(),
    machine: () => status.machine(),
    gpu: () => status.get().gpu,
    memory: () => status.memoryStats(),
  }) satisfies Procedures['status'];

export function trainingApi({ queue, status }: ApiRooms) {
  const withState = async (command: Promise<CommandResult>) => {
    const acted = await command;
    const { state, reason } = status.get();
    return { ...acted, state, text: acted.text === '' ? (reason ?? state) : acted.text };
  };
  return {
    pause: ({ by }) => withState(queue.pause(by)),
    resume: ({ by }) => withState(queue.resume(by)),
    stop: ({ now, discard, by }) =>
      withState(discard === true ? queue.stopUnsaved(by) : queue.stop(now, by)),
    skip: ({ by }) => withState(queue.skip(by)),
  } satisfies Procedures['training'];
}
