/** The contract's procedures as plain functions: what an engine implements and a server calls. */
import type {
  AnySchema,
  ContractProcedure,
  InferSchemaInput,
  InferSchemaOutput,
} from '@orpc/contract';
import type { Contract } from './contract.ts';

type Answer<O extends AnySchema> = InferSchemaInput<O> | Promise<InferSchemaInput<O>>;

/** A procedure takes its input after validation, with the defaults filled in. */
export type Procedure<T> =
  T extends ContractProcedure<infer I, infer O, infer _E, infer _M>
    ? (input: InferSchemaOutput<I>) => Answer<O>
    : { readonly [K in keyof T]: Procedure<T[K]> };

export type Procedures = { readonly [K in keyof Contract]: Procedure<Contract[K]> };
