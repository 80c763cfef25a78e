/** The scripted engine is valid: every scene, and every procedure's answer in every scene. */
import { isContractProcedure } from '@orpc/contract';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { contract, Refusal, trainingStatus } from '../../src-main/contract/index.ts';
import { complete, ContractDrift } from './complete.ts';
import { scenes } from './scenes/index.ts';
import { createScriptedEngine } from './scripted-engine.ts';

/** Inputs that the smallest valid one can't stand for. */
const inputs: Readonly<Record<string, object>> = {
  'playground.ask': { model: 'current', messages: [{ role: 'user', content: 'Hi' }] },
  'queue.add': { paths: ['/data/a.jsonl'] },
  'config.set': { key: 'keep_checkpoints', value: 4 },
  'uploads.append': { upload: 'key-of-a-file', chunk: new Blob(['{}\n']) },
  'uploads.finish': {
    upload: 'key-of-a-file',
    sha256: 'ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356',
  },
};
const ids: Readonly<Record<string, object>> = {
  datasets: { id: 'd-sample' },
  queue: { id: 'd-sample' },
  versions: { name: 'v001_sample' },
  backups: { id: 'manual/20261123-181200' },
};

/** The smallest valid input, with the id of something that exists. */
function inputOf(schema: unknown, group: string, name: string): unknown {
  if (!(schema instanceof z.ZodObject)) return undefined;
  const given = Object.entries({ ...ids[group], ...inputs[`${group}.${name}`] });
  const known = given.filter(([key]) => key in schema.shape);
  return complete(schema, Object.fromEntries(known), `${group}.${name}`);
}

test.each(scenes)('every procedure answers as the contract says: %s', async (scene) => {
  const { door, calls } = createScriptedEngine({ now: () => 1e9, scene, port: () => 1 });
  const groups = door as unknown as Record<string, Record<string, (input: unknown) => unknown>>;
  for (const [group, procedures] of Object.entries(contract))
    for (const [name, procedure] of Object.entries(procedures)) {
      if (group === 'feed' || !isContractProcedure(procedure)) continue;
      try {
        await groups[group]?.[name]?.(inputOf(procedure['~orpc'].inputSchema, group, name));
      } catch (error) {
        // A refusal is an answer of the contract, too.
        if (!(error instanceof Refusal)) throw error;
      }
      expect(calls.at(-1)?.path).toBe(`${group}.${name}`);
    }
});

test('a field that the contract does not have, and a value that it does not allow, are reported with their path', () => {
  const complain = (given: object) => () => complete(trainingStatus, given, 'status');
  expect(complain({ trainer: { alive: true, silent: 3 } })).toThrow('status.trainer.silent');
  expect(complain({ state: 'dreaming' })).toThrow(ContractDrift);
  expect(complain({})).not.toThrow();
});
