/** Inputs and outputs that several procedures share. */
import { oc } from '@orpc/contract';
import { z } from 'zod';
import { refusals } from '../refusal.ts';

export const call = oc.errors(refusals);
export const done = z.object({ ok: z.literal(true) });
/** `true` from a call, `'true'` from a query. */
export const flag = z
  .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
  .default(false);
export const datasetId = z.object({ id: z.string().min(1) });
