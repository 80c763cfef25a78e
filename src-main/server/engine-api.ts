/** What the server needs from an engine: one function for every procedure of the contract, plus the feed by subscription. */
import type {
  AnySchema,
  ContractProcedure,
  InferSchemaInput,
  InferSchemaOutput,
} from '@orpc/contract';
import type { Change, Contract } from '../contract/index.ts';

type Answer<O extends AnySchema> = InferSchemaInput<O> | Promise<InferSchemaInput<O>>;

/** A procedure with an input takes it after validation, with the defaults filled in. */
type Procedure<T> =
  T extends ContractProcedure<infer I, infer O, infer _E, infer _M>
    ? (input: InferSchemaOutput<I>) => Answer<O>
    : { readonly [K in keyof T]: Procedure<T[K]> };

type Rooms = Omit<{ readonly [K in keyof Contract]: Procedure<Contract[K]> }, 'feed' | 'access'>;

/** What the doors themselves answer: how they are reached. */
export type AccessDoor = Procedure<Contract['access']>;

/** Functions throw `Refusal` for an expected no; anything else they throw is a bug and is logged. */
export interface EngineDoor extends Rooms {
  readonly feed: {
    snapshot: Procedure<Contract['feed']['snapshot']>;
    /**
     * Every change after revision `since`, in order, those that already happened first; the answer ends it. Throws `Refusal`
     * when `since` is older than what is kept.
     */
    subscribe(since: number, listener: (change: Change) => void): () => void;
  };
}
