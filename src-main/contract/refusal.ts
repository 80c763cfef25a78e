/**
 * Refusals: the expected "no", typed. A refusal says what, where and what to do; it is never logged as a failure.
 * Every procedure may answer any of these.
 */
import { z } from 'zod';

/** What every refusal carries beside its message. `next` is one factual sentence about what can be done. */
export const refusalData = z.object({
  subject: z.string().nullable().default(null),
  next: z.string().nullable().default(null),
  /** Extra facts by name, for instance `{ holder: 'pid 123' }` or `{ confirm: 'max_length' }`. */
  facts: z.record(z.string(), z.string()).default({}),
});
export type RefusalData = z.infer<typeof refusalData>;

export const refusals = {
  LOCKED: { status: 423, data: refusalData },
  BUSY: { status: 409, data: refusalData },
  NOT_FOUND: { status: 404, data: refusalData },
  INVALID: { status: 400, data: refusalData },
  DISK_FULL: { status: 507, data: refusalData },
  NEEDS_CONFIRMATION: { status: 428, data: refusalData },
  NOT_READY: { status: 409, data: refusalData },
  UNAUTHORIZED: { status: 401, data: refusalData },
  READ_ONLY: { status: 403, data: refusalData },
} as const;
export type RefusalCode = keyof typeof refusals;

/** Thrown by rooms; the server turns it into the typed error of the contract. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly data: RefusalData;
  constructor(
    code: RefusalCode,
    message: string,
    data: { readonly [K in keyof RefusalData]?: RefusalData[K] | undefined } = {},
  ) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.data = { subject: data.subject ?? null, next: data.next ?? null, facts: data.facts ?? {} };
  }
}
