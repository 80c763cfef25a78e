/** The configuration and the first-run setup. */
import type { Procedures } from '../../contract/index.ts';
import { type ApiRooms, DONE } from './rooms.ts';

export const configApi = ({ config, estimate }: ApiRooms) =>
  ({
    get: () => config.state(),
    set: (input) => config.set({ ...input, value: input.value }),
    unstage: ({ key }) => config.unstage(key),
    estimate: (input) => estimate.estimate(input),
  }) satisfies Procedures['config'];

export const setupApi = ({ setup }: ApiRooms) =>
  ({
    get: () => setup.state(),
    choose: ({ base, folder }) => setup.choose(base, folder),
    cancel: () => setup.cancel(),
    sample: async (input) => {
      await setup.sample(input);
      return DONE;
    },
  }) satisfies Procedures['setup'];
