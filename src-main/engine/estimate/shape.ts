/** The architecture of a base model, from its config.json. */
import path from 'node:path';
import { z } from 'zod';
import { readJson } from '../../kit/files.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

export interface ModelShape {
  /** Tied weights counted once. */
  readonly parameters: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly headSize: number;
  readonly inner: number;
  readonly vocabulary: number;
  /** Queries and keys are normalized per head. */
  readonly hasHeadNorms: boolean;
}

const count = z.int().min(1);
const file = z.looseObject({
  model_type: z.string().optional(),
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.nullable().optional(),
  head_dim: count.nullable().optional(),
  intermediate_size: count,
  vocab_size: count,
  tie_word_embeddings: z.boolean().optional(),
});

/** Weights of the embedding table, which the transformer layers don't use. */
export const embeddingOf = (shape: ModelShape): number => shape.vocabulary * shape.hidden;

/** null when the config.json isn't one of a supported model. `parameters` null: counted from the shape. Pure. */
export function shapeOf(raw: unknown, parameters: number | null): ModelShape | null {
  const parsed = file.safeParse(raw);
  if (!parsed.success) return null;
  const facts = parsed.data;
  const heads = facts.num_attention_heads;
  const keyHeads = facts.num_key_value_heads ?? heads;
  const headSize = facts.head_dim ?? Math.floor(facts.hidden_size / heads);
  const attention = 2 * facts.hidden_size * headSize * (heads + keyHeads);
  const hasHeadNorms = facts.model_type?.startsWith('qwen3') ?? false;
  const norms = 2 * facts.hidden_size + (hasHeadNorms ? 2 * headSize : 0);
  const layer = attention + 3 * facts.hidden_size * facts.intermediate_size + norms;
  const tables = facts.tie_word_embeddings === false ? 2 : 1;
  const counted =
    facts.num_hidden_layers * layer +
    tables * facts.vocab_size * facts.hidden_size +
    facts.hidden_size;
  return {
    parameters: parameters ?? counted,
    hidden: facts.hidden_size,
    layers: facts.num_hidden_layers,
    heads,
    keyHeads,
    headSize,
    inner: facts.intermediate_size,
    vocabulary: facts.vocab_size,
    hasHeadNorms,
  };
}

/** null when the folder has no config.json of a supported model. */
export async function readShape(
  folder: string,
  parameters: number | null,
): Promise<ModelShape | null> {
  return shapeOf(
    await readJson(path.join(folder, 'config.json')).catch(unlessTemporary(null)),
    parameters === 0 ? null : parameters,
  );
}
