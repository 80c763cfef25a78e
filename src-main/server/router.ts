/** The contract bound to an engine: one handler for each procedure, refusals turned into the contract's typed errors. */
import { isContractProcedure } from '@orpc/contract';
import { ORPCError, implement, ValidationError } from '@orpc/server';
import type { AnyRouter } from '@orpc/server';
import { Refusal, contract, refusals } from '../contract/index.ts';
import type { Change } from '../contract/index.ts';
import type { AccessDoor, EngineDoor } from './engine-api.ts';

/** A reader that is this many changes behind takes a new snapshot instead. */
const CHANGES_KEPT = 2000;

type Handler = (options: { input: unknown; signal: AbortSignal | undefined }) => unknown;
interface Implementer {
  handler(handler: Handler): AnyRouter;
  readonly [name: string]: unknown;
}

/**
 * Walks the contract, so that a procedure without a function in the engine is found here and not by a user. Throws when the
 * engine lacks one.
 */
export function createRouter(
  engine: EngineDoor & { readonly access: AccessDoor },
  bug: (error: unknown) => void,
): AnyRouter {
  const bind = (
    node: unknown,
    implementer: Implementer,
    functions: unknown,
    path: string,
  ): AnyRouter => {
    if (path === 'feed.changes') return implementer.handler(changesOf(engine, bug));
    if (isContractProcedure(node)) {
      if (typeof functions !== 'function')
        throw new Error(`the engine has no function for the procedure ${path}`);
      const call = functions as (input: unknown) => unknown;
      return implementer.handler(({ input }) => call(input));
    }
    const out: Record<string, AnyRouter> = {};
    for (const [name, child] of Object.entries(node as Record<string, unknown>))
      out[name] = bind(
        child,
        implementer[name] as Implementer,
        (functions as Record<string, unknown> | undefined)?.[name],
        path === '' ? name : `${path}.${name}`,
      );
    return out;
  };
  return bind(contract, implement(contract) as unknown as Implementer, engine, '');
}

/** What is thrown while the changes run comes after the call itself was answered, so it is turned into a typed error here. */
function changesOf(engine: EngineDoor, bug: (error: unknown) => void): Handler {
  return async function* ({ input, signal }) {
    try {
      yield* follow(engine, (input as { since: number }).since, signal);
    } catch (error) {
      throw toWireError(error, bug);
    }
  };
}

/** The changes after `since` until the reader leaves. Throws Refusal when `since` is too old or the reader too slow. */
async function* follow(
  engine: EngineDoor,
  since: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Change> {
  const waiting: Change[] = [];
  let wake = (): void => undefined;
  const end = engine.feed.subscribe(since, (change) => {
    waiting.push(change);
    wake();
  });
  const leave = (): void => {
    wake();
  };
  signal?.addEventListener('abort', leave);
  try {
    while (signal?.aborted !== true) {
      if (waiting.length > CHANGES_KEPT)
        throw new Refusal('NOT_READY', 'The changes were read too slowly.', {
          next: 'Take a new snapshot.',
        });
      const next = waiting.shift();
      if (next !== undefined) {
        yield next;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    end();
    signal?.removeEventListener('abort', leave);
  }
}

/** What leaves the server for something that was thrown: a refusal stays itself, bad input becomes INVALID, the rest is a bug. */
export function toWireError(thrown: unknown, bug: (error: unknown) => void): unknown {
  if (thrown instanceof Refusal)
    return new ORPCError(thrown.code, {
      status: refusals[thrown.code].status,
      message: thrown.message,
      data: thrown.data,
    });
  if (thrown instanceof ORPCError) {
    if (thrown.code === 'BAD_REQUEST' && thrown.cause instanceof ValidationError)
      return toWireError(invalid(thrown.cause), bug);
    if (thrown.cause instanceof ValidationError) bug(thrown.cause);
    return thrown;
  }
  bug(thrown);
  return thrown;
}

function invalid(error: ValidationError): Refusal {
  const issue = error.issues[0];
  const path = (issue?.path ?? [])
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.');
  return new Refusal(
    'INVALID',
    `${path === '' ? 'The input' : path}: ${issue?.message ?? 'it does not have the right shape'}.`,
    { subject: path === '' ? null : path },
  );
}
