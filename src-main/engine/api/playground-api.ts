/** Questions to models. */
import type { Procedures } from '../../contract/index.ts';
import { type ApiRooms, DONE } from './rooms.ts';

export const playgroundApi = ({ playground }: ApiRooms) =>
  ({
    models: async () => [...(await playground.models())],
    ask: (question) => playground.ask(question),
    answer: ({ id }) => playground.answer(id),
    stop: async ({ id }) => {
      await playground.stop(id);
      return DONE;
    },
  }) satisfies Procedures['playground'];
