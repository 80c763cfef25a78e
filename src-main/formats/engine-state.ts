/**
 * What the engine remembers over restarts: `data/queue.json`, `data/notices.json`,
 * `data/daily.json`, `.engine.sessions`.
 */
import { z } from 'zod';
import { notice } from '../contract/index.ts';
import { defineFile, isObject, renameFields } from './document.ts';
import { choice, formatNumber, text, time } from './fields.ts';

export const DESIRED_STATES = ['running', 'paused', 'stopped', 'stopping_after'] as const;

export const queueFile = defineFile({
  name: 'queue.json',
  damaged: 'Counts as `stopped`: training never starts by accident',
  group: 'workspace',
  writer: 'engine',
  description: 'What the user wants of the queue. A file that is damaged counts as `stopped`',
  upgrade: (value) => renameFields(value, { latch: 'desired_state' }),
  schema: z.object({
    format: formatNumber,
    desired_state: choice(DESIRED_STATES, 'What the queue is to do'),
    since: time('Since when'),
    by: text('Who or what set it'),
    note: text('Why').nullable().default(null),
  }),
});
export type QueueFile = z.infer<typeof queueFile.schema>;

/** A notice of a kind that this version doesn't know is left out; the others are still read. */
function readableNotices(value: Record<string, unknown>): unknown {
  const { notices } = value;
  if (!Array.isArray(notices)) return value;
  return {
    ...value,
    notices: notices.flatMap((entry: unknown) => {
      const plain = notice.safeParse(entry);
      if (plain.success) return [plain.data];
      const isOld = isObject(entry) && entry.kind === 'decide';
      const upgraded = isOld ? notice.safeParse({ ...entry, kind: 'needs_decision' }) : null;
      return upgraded?.success === true ? [upgraded.data] : [];
    }),
  };
}

export const noticesFile = defineFile({
  name: 'notices.json',
  damaged: 'Starts empty',
  group: 'workspace',
  writer: 'engine',
  description: 'The last 50 notices, newest first',
  upgrade: readableNotices,
  schema: z.object({ format: formatNumber, notices: z.array(notice).describe('Notices') }),
});

const browserSession = z.object({
  id: text('Id'),
  hash: text('HMAC-SHA256 of the cookie, with the token as its key'),
  keys: z.array(z.string()).describe('HMAC-SHA256 of the key of each page, likewise'),
  browser: text('How the browser names itself'),
  created: time('Signed in'),
  used: time('Last use, to within an hour'),
});
export type BrowserSession = z.infer<typeof browserSession>;

export const sessionsFile = defineFile({
  name: '.engine.sessions',
  damaged: 'Starts empty: every browser signs in again',
  group: 'workspace',
  writer: 'engine',
  description: 'Signed-in browsers; hashes only, mode 0600',
  schema: z.object({
    format: formatNumber,
    sessions: z.array(browserSession).describe('Last used first'),
  }),
});

export const dailyFile = defineFile({
  name: 'daily.json',
  damaged: 'The count starts now',
  group: 'workspace',
  writer: 'engine',
  description: 'Up to when daily versions are made, so that a restart does not make one twice',
  schema: z.object({ format: formatNumber, settled: time('Up to when') }),
});
