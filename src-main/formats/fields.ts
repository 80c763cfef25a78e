/**
 * Field types of the schemas, each with the description that JSON Schema and docs/protocol.md show.
 */
import { z } from 'zod';
import { branchName, folderName } from './names.ts';

export const integer = (description: string) => z.number().int().describe(description);
export const count = (description: string) => z.number().int().min(0).describe(description);
export const number = (description: string) => z.number().describe(description);
export const text = (description: string) => z.string().describe(description);
export const flag = (description: string) => z.boolean().describe(description);
export const choice = <const T extends readonly string[]>(values: T, description: string) =>
  z.enum(values).describe(description);

/** Physical row numbers: line numbers from 1, as `grep -n` counts. */
export const rowNumbers = (description: string) => z.array(z.number().int()).describe(description);

export type RowOrder = z.infer<typeof rowOrder>;
/** Absent: `kept`, as versions before the field drew it. */
export const rowOrder = choice(
  ['all', 'kept'],
  'What the row order is drawn from: `all` rows, and excluded ones are left out of it, or the `kept` rows alone',
).optional();

export const time = (description: string) => number(`${description}, Unix seconds`);

/** Absent in files that were written before the number existed, which were all format 1. */
export const formatNumber = z.literal(1).default(1).describe('Format number');

/** (branch, step) identifies a point of the model's history everywhere. */
export const lineagePoint = z.object({
  branch: branchName('Branch name'),
  step: integer('Step of the branch'),
});

export const baseReference = z.object({
  id: folderName('Base model id'),
  hash: text('Hash of its weights, configuration and tokenizer'),
});

/**
 * A base model of the workspace. Its folder follows from its id: a stored path would lead to the
 * old place once the workspace is moved. Files of earlier versions hold one, which is dropped.
 */
export const workspaceBase = baseReference.describe('Base model, `models/<id>/`');

/** Pid and start token: a pid alone is reused by the system. */
export const processIdentity = {
  pid: integer('Process id'),
  start: text('Start token of the process'),
};

/** Where the process can be seen by its pid; absent in files of earlier versions. */
export const processPlace = {
  host: text('Name of the machine').optional(),
  namespace: text('Process namespace; empty where there are none').optional(),
};
