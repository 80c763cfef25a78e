/** The configuration and the first-run setup. */
import { type Procedures, Refusal } from '../../contract/index.ts';
import { withRefusedFiles } from './consent.ts';
import { type ApiRooms, DONE } from './rooms.ts';

export const configApi = ({ config, estimate }: ApiRooms) =>
  ({
    get: () => config.state(),
    set: async (input) => {
      try {
        return await config.set({ ...input, value: input.value });
      } catch (error) {
        throw error instanceof Refusal ? await withRefusedFiles(error, estimate, input) : error;
      }
    },
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
