/**
 * What the server needs from the engine: one function per procedure of the contract, and a
 * subscription to the feed.
 */
import type {
  AnySchema,
  ContractProcedure,
  InferSchemaInput,
  InferSchemaOutput,
} from '@orpc/contract';
import type { Change, Contract } from '../contract/index.ts';

type Output<O extends AnySchema> = InferSchemaInput<O> | Promise<InferSchemaInput<O>>;

/** The input is already validated and has its defaults filled in. */
type Procedure<T> =
  T extends ContractProcedure<infer I, infer O, infer _E, infer _M>
    ? (input: InferSchemaOutput<I>) => Output<O>
    : { readonly [K in keyof T]: Procedure<T[K]> };

type Rooms = Omit<{ readonly [K in keyof Contract]: Procedure<Contract[K]> }, 'feed' | 'access'>;

/** Implemented by the server itself: address, ports, sign-in links. */
export type AccessApi = Procedure<Contract['access']>;

/**
 * Functions throw `Refusal` when a request is refused; anything else they throw is a bug and is
 * logged.
 */
export interface EngineApi extends Rooms {
  readonly feed: {
    snapshot: Procedure<Contract['feed']['snapshot']>;
    /**
     * Calls the listener with every change after revision `since`, in order, past ones first.
     * Returns a function that unsubscribes. Throws `Refusal` if `since` is older than the stored
     * changes.
     */
    subscribe(since: number, listener: (change: Change) => void): () => void;
  };
}
