/**
 * Refusals: typed errors for requests that are understood but not possible now. The message says
 * what, where and what to do. Refusals are never logged as failures. Every procedure can return any
 * of them.
 */
import { z } from 'zod';

/** Sent with the message. `next`: one sentence about what the user can do. */
export const refusalData = z.object({
  subject: z.string().nullable().default(null),
  next: z.string().nullable().default(null),
  /** Further details by name, such as `{ holder: 'pid 123' }` or `{ confirm: 'max_length' }`. */
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

/** Thrown by the engine; the server converts it into the typed error of the contract. */
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
