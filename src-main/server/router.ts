/**
 * Binds the contract to an engine: one handler per procedure; refusals become typed errors of the
 * contract.
 */
import { isContractProcedure } from '@orpc/contract';
import { ORPCError, implement, ValidationError } from '@orpc/server';
import type { AnyRouter } from '@orpc/server';
import { Refusal, contract, refusals, systemRefusal } from '../contract/index.ts';
import type { Change } from '../contract/index.ts';
import type { AccessApi, EngineApi } from './engine-api.ts';
import type { Grant } from './tickets.ts';

/** A client that is this many changes behind has to take a new snapshot. */
const MAX_PENDING_CHANGES = 2000;

type Handler = (options: {
  input: unknown;
  signal: AbortSignal | undefined;
  context: unknown;
}) => unknown;
interface Implementer {
  handler(handler: Handler): AnyRouter;
  readonly [name: string]: unknown;
}

/** Throws if the engine lacks a function for a procedure of the contract. */
export function createRouter(
  engine: EngineApi & { readonly access: AccessApi },
  onBug: (error: unknown) => void,
): AnyRouter {
  const bind = (
    node: unknown,
    implementer: Implementer,
    functions: unknown,
    path: string,
  ): AnyRouter => {
    if (path === 'feed.changes') return implementer.handler(changesOf(engine, onBug));
    if (isContractProcedure(node)) {
      if (typeof functions !== 'function')
        throw new Error(`the engine does not implement the procedure ${path}`);
      if (path.startsWith('access.')) {
        const call = functions as (input: unknown, grant: Grant) => unknown;
        return implementer.handler(({ input, context }) => call(input, context as Grant));
      }
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

/**
 * Errors thrown while streaming are not seen by the interceptors of the call, so they are converted
 * here.
 */
function changesOf(engine: EngineApi, onBug: (error: unknown) => void): Handler {
  return async function* ({ input, signal }) {
    try {
      yield* follow(engine, (input as { since: number }).since, signal);
    } catch (error) {
      throw toWireError(error, onBug);
    }
  };
}

/**
 * Yields the changes after `since` until the client disconnects. Throws Refusal if `since` is too
 * old or the client too slow.
 */
async function* follow(
  engine: EngineApi,
  since: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Change> {
  const pending: Change[] = [];
  let wake = (): void => undefined;
  const unsubscribe = engine.feed.subscribe(since, (change) => {
    pending.push(change);
    wake();
  });
  const onAbort = (): void => {
    wake();
  };
  signal?.addEventListener('abort', onAbort);
  try {
    while (signal?.aborted !== true) {
      if (pending.length > MAX_PENDING_CHANGES)
        throw new Refusal('NOT_READY', 'The client reads changes too slowly.', {
          next: 'Take a new snapshot.',
        });
      const next = pending.shift();
      if (next !== undefined) {
        yield next;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    unsubscribe();
    signal?.removeEventListener('abort', onAbort);
  }
}

/**
 * Converts a thrown value to the error sent to the client. Refusals and invalid input are typed;
 * anything else is a bug.
 */
export function toWireError(thrown: unknown, onBug: (error: unknown) => void): unknown {
  if (thrown instanceof Refusal)
    return new ORPCError(thrown.code, {
      status: refusals[thrown.code].status,
      message: thrown.message,
      data: thrown.data,
    });
  if (thrown instanceof ORPCError) {
    if (thrown.code === 'BAD_REQUEST' && thrown.cause instanceof ValidationError)
      return toWireError(invalid(thrown.cause), onBug);
    if (thrown.cause instanceof ValidationError) onBug(thrown.cause);
    return thrown;
  }
  // A full or read-only disk is no bug: the client is told what to do.
  const refusal = systemRefusal(thrown);
  if (refusal !== null) return toWireError(refusal, onBug);
  onBug(thrown);
  return thrown;
}

function invalid(error: ValidationError): Refusal {
  const issue = error.issues[0];
  const path = (issue?.path ?? [])
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.');
  return new Refusal(
    'INVALID',
    `${path === '' ? 'Invalid input' : path}: ${issue?.message ?? 'invalid value'}.`,
    { subject: path === '' ? null : path },
  );
}
