/** Locks: files that name their holder by pid and start token; a dead holder holds nothing. */
import { z } from 'zod';
import { defineFile } from './document.ts';
import {
  count,
  formatNumber,
  integer,
  processIdentity,
  processPlace,
  text,
  time,
} from './fields.ts';
import { folderName } from './names.ts';

export const engineLock = defineFile({
  name: '.engine.lock',
  damaged: 'Counts as free',
  group: 'workspace',
  writer: 'engine',
  description:
    'The engine that owns the workspace. One that runs on another machine or in another process ' +
    'namespace is alive as long as the heartbeat changes within 15 s',
  schema: z.object({
    format: formatNumber,
    ...processIdentity,
    port: integer('Port of its server; null: not listening yet').nullable().default(null),
    build: text('Build of the engine').default(''),
    contract: integer('Version of the contract').optional(),
    version: text('Version of Nightshift').default(''),
    t: time('When it started').default(0),
    id: text('Different each time that it is taken').optional(),
    ...processPlace,
    inode: text('Of the file itself, so that a copy of it is no lock').optional(),
    heartbeat: count('Grows every 3 s, written in place').optional(),
  }),
});
export type EngineLock = z.infer<typeof engineLock.schema>;

export const trainerLock = defineFile({
  name: '.trainer.lock',
  damaged: 'Counts as free; the trainer is found by `process.json`',
  group: 'workspace',
  writer: 'trainer',
  description: 'The trainer of the workspace, so that the next engine finds it',
  schema: z.object({
    format: formatNumber,
    ...processIdentity,
    run: folderName('Run id'),
    device: text('Device').default(''),
    t: time('When it was taken').default(0),
    ...processPlace,
  }),
});
export type TrainerLock = z.infer<typeof trainerLock.schema>;

export const deviceLock = defineFile({
  name: 'nightshift-<device>.lock',
  damaged: '`flock` decides; the holder is not named',
  group: 'workspace',
  writer: 'trainer',
  description:
    'The trainer that uses a device of this machine (`cpu`, or the UUID of a GPU); held with ' +
    '`flock` for the life of the trainer. In a sticky folder of the system (`/run/lock`, else ' +
    '`/tmp`), or as `<device>.lock` in `NIGHTSHIFT_DEVICE_LOCKS`. What another account may have ' +
    'written is never read',
  schema: z.object({
    format: formatNumber,
    ...processIdentity,
    workspace: text('Workspace folder'),
    run: text('Run id').default(''),
    t: time('When it was taken').default(0),
  }),
});

/** What `python -m nightshift_trainer.device_locks NAME...` prints. */
export const deviceCheck = z.object({
  held: z.array(z.object({ name: text('Device'), text: text('Who holds it') })),
});
